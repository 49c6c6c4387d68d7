-- Makes a part of the pieces that were written, and ends the turn: from now on it is read.
-- Parameters: release text, number bigint, is_base boolean, records bigint, writing text, pieces
-- int, digest text.
-- Changes one row, or none where its turn was over or its number is taken.

with turn as (
  update nodes.snapshot_writers
     set until = now()
   where release = $1
     and writing = $5
     and until > now()
  returning 1
)
insert into nodes.snapshots (
  release, number, is_base, records, writing, pieces, digest, written_at
)
select $1, $2::bigint, $3::boolean, $4::bigint, $5, $6::int, $7, now()
  from turn
on conflict (release, number) do nothing
