-- Remembers how far events have been published; never goes back.
-- Parameters: reader text, topic text, partition int, next bigint.
-- Result: one row updated; none: it had come at least as far.

update coupons.positions
   set published_offset = $4
 where reader = $1 and topic = $2 and partition = $3 and published_offset < $4
