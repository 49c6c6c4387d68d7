-- The rows that one batch has won, in one statement: one by one they take 30 times as long.
-- Rows arrive in (coupon id, slot) order; two writers that insert in different orders into two
-- unique indexes could wait for each other for ever.
-- Parameters: partition int, then one array element for each row: coupon ids text[], slots int[],
-- user ids text[], claim ids text[], codes text[], log offsets bigint[], appended_at_ms bigint[].
-- Result: as many rows as given.

insert into coupons.issued_coupons (
  coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms
)
select n.coupon_id, n.slot, n.user_id, n.claim_id, n.code, $1, n.log_offset, n.appended_at_ms
  from unnest(
    $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[]
  ) as n (coupon_id, slot, user_id, claim_id, code, log_offset, appended_at_ms)
