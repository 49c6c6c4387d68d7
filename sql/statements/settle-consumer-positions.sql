-- Stores of positions what is published and what is tried, all of them or none: no transaction is
-- needed for that. Locks them in one fixed order, or two owners could wait for each other.
-- Parameters, one array element for each position: topics text[], partitions int[], next bigint[]
-- as it must be, published bigint[], tries int[].
-- Result: as many rows as positions; none where one is not where it must be.

with held as (
  select p.topic, p.partition
    from {schema}.consumer_positions p
    join unnest($1::text[], $2::int[], $3::bigint[]) as w (topic, partition, next_offset)
      on p.topic = w.topic and p.partition = w.partition and p.next_offset = w.next_offset
   order by p.topic, p.partition
     for update of p
)
update {schema}.consumer_positions p
   set published_offset = m.published_offset,
       tries = m.tries
  from unnest($1::text[], $2::int[], $4::bigint[], $5::int[])
    as m (topic, partition, published_offset, tries)
 where p.topic = m.topic and p.partition = m.partition
   and (select count(*) from held) = cardinality($1::text[])
