-- Writes one piece, as long as the turn is still that of this writing.
-- Parameters: release text, writing text, ms until its turn is over bigint, piece int, bytes in
-- base64 text.
-- Changes one row, or none where its turn is over.

with turn as (
  update nodes.snapshot_writers
     set until = now() + $3::bigint * interval '1 millisecond'
   where release = $1
     and writing = $2
     and until > now()
  returning 1
)
insert into nodes.snapshot_pieces (writing, piece, bytes)
select $2, $4::int, decode($5, 'base64')
  from turn
