-- The fence: moves a position, if it still is where this reader left it. The row stays locked
-- until the end of the transaction, so a second owner waits here and then finds it moved.
-- Parameters: reader text, topic text, partition int, expected bigint, next bigint,
-- fingerprint text (of the record before next).
-- Result: one row updated; none: another owner, or a partition that was never written.

update coupons.positions
   set next_offset = $5, fingerprint = $6
 where reader = $1 and topic = $2 and partition = $3 and next_offset = $4
