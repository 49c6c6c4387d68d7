-- The parts of the newest snapshot of a release, in their order: from the last one that has
-- everything.
-- Parameters: release text.
-- Result: number, is_base, records, writing, pieces, digest.

select number, is_base, records, writing, pieces, digest
  from nodes.snapshots
 where release = $1
   and number >= (select coalesce(max(number), 0)
                    from nodes.snapshots
                   where release = $1 and is_base)
 order by number
