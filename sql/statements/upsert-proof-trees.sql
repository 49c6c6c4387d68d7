-- The trees that a batch has changed, as they are after it.
-- Parameters, one array element for each: coupon ids text[], partitions int[], sizes bigint[],
-- at_ms bigint[], subtrees text[].
-- Result: as many rows as given.

insert into proof.trees (coupon_id, partition, size, at_ms, subtrees)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[])
on conflict (coupon_id) do update
   set size = excluded.size, at_ms = excluded.at_ms, subtrees = excluded.subtrees
