-- Some bytes of a part, in their order.
-- Parameters: writing text, from which piece on int, how many at most int.
-- Result: piece, bytes in base64.

select piece, encode(bytes, 'base64')
  from nodes.snapshot_pieces
 where writing = $1
   and piece >= $2::int
 order by piece
 limit $3::int
