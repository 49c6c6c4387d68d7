-- Removes pieces of parts that are gone or were never whole; some at a time, so that none of it
-- takes long.
-- Parameters: how many at most int.
-- Changes as many rows as it removes.

delete from nodes.snapshot_pieces
 where (writing, piece) in (
   select writing, piece
     from nodes.snapshot_pieces
    where writing not in (select writing from nodes.snapshots)
      and writing not in (select writing from nodes.snapshot_writers where until > now())
    limit $1::int
 )
