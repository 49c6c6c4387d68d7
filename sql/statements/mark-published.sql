-- Remembers how far events have been published; never goes back.
-- Parameters: reader text, topic text, partition int, next bigint.
-- Result: one row updated; none: it had come at least as far, or the rows were put back or
-- dropped meanwhile and their owner has to start again.

update coupons.positions
   set published_offset = $4
 where reader = $1 and topic = $2 and partition = $3 and published_offset < $4
   and next_offset >= $4
