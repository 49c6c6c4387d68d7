-- Where a consumer stands in all that it reads.
-- Result: topic, partition, next_offset, published_offset, tries.

select topic, partition, next_offset, published_offset, tries
  from {schema}.consumer_positions
