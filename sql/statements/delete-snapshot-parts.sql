-- Forgets what a newer one stands in for: parts before the last one that has everything, once
-- whoever had begun to read them is through, and releases that nobody has written for long.
-- Parameters: release that is written text, ms that a reader may take bigint, ms after which
-- another release is forgotten bigint.

delete from nodes.snapshots old
 where (old.release = $1
        and exists (select 1
                      from nodes.snapshots base
                     where base.release = $1
                       and base.is_base
                       and base.number > old.number
                       and base.written_at < now() - $2::bigint * interval '1 millisecond'))
    or (old.release <> $1
        and not exists (select 1
                          from nodes.snapshots kept
                         where kept.release = old.release
                           and kept.written_at >= now() - $3::bigint * interval '1 millisecond'))
