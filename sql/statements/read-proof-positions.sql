-- How far the proof has read the claims log.
-- Parameters: none.
-- Result: partition, next offset.

select partition, next_offset from proof.positions
