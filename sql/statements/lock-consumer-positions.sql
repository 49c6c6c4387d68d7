-- The fence: locks positions until the end of the transaction, so that a second owner waits here
-- and then finds them moved. In one fixed order, or two owners could wait for each other.
-- Parameters, one array element for each position: topics text[], partitions int[].
-- Result: topic, partition, next_offset; none where a partition was never written.

select p.topic, p.partition, p.next_offset
  from {schema}.consumer_positions p
  join unnest($1::text[], $2::int[]) as w (topic, partition) using (topic, partition)
 order by p.topic, p.partition
   for update of p
