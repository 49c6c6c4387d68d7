-- The subtrees that a batch has completed.
-- Parameters, one array element for each: coupon ids text[], levels int[], indexes bigint[],
-- hashes text[].
-- Result: as many rows as given.

insert into proof.nodes (coupon_id, level, index, hash)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[])
