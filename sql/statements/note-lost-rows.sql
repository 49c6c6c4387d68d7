-- Notes of partitions without a position that all of their log may have been applied: whoever
-- reads these rows waits until it is applied again.
-- Parameters: reader text, topic text, partitions int[], and of each the end of its log bigint[].
-- Result: as many rows as partitions that had no position.

insert into coupons.positions
  (reader, topic, partition, next_offset, published_offset, dropped_offset)
select $1, $2, log.partition, 0, 0, log.end_offset
  from unnest($3::int[], $4::bigint[]) as log (partition, end_offset)
 where log.end_offset > 0
on conflict (reader, topic, partition) do nothing
