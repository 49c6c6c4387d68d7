-- What is published from now on. The same again is no change.
-- Parameters, one array element for each: coupon ids text[], sizes bigint[], signers text[],
-- partitions int[], notes text[].
-- Result: the new ones.

insert into proof.checkpoints (coupon_id, size, signer, partition, note)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::text[])
on conflict do nothing
