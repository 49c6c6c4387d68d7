-- How far the order process has applied a topic.
-- Parameters: topic text.
-- Result: partition, next_offset.

select partition, next_offset
  from orders.consumer_positions
 where topic = $1
