-- The first positions of partitions, which stand at 0 until they are written. Of two owners at
-- once the second waits for the first one's commit and then inserts nothing.
-- Parameters, one array element for each position: topics text[], partitions int[].
-- Result: as many rows as were not there.

insert into {schema}.consumer_positions (
  topic, partition, next_offset, published_offset, tries,
  applied, dropped, postponed, buried, passed_by
)
select topic, partition, 0, 0, 0, 0, 0, 0, 0, 0
  from unnest($1::text[], $2::int[]) as n (topic, partition)
 order by topic, partition
on conflict (topic, partition) do nothing
