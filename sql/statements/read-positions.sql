-- How far a reader has come in each partition of a topic.
-- Parameters: reader text, topic text.
-- Result: partition, next_offset, published_offset, notified_offset.

select partition, next_offset, published_offset, notified_offset
  from coupons.positions
 where reader = $1 and topic = $2
 order by partition
