-- The fence: moves a position, if it still is where this consumer left it. The row stays locked
-- until the end of the transaction, so a second owner waits here and then finds it moved.
-- Parameters: partition int, expected bigint, next bigint.
-- Result: one row updated; none: another owner, or a partition that was never written.

update proof.positions set next_offset = $3 where partition = $1 and next_offset = $2
