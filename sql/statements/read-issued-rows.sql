-- A page of all rows, in (coupon id, slot) order: the next page starts where the last one ended,
-- so the millionth row costs what the first does.
-- Parameters: after this coupon id text ('' from the first), and slot int, limit bigint.
-- Result: coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms.

select coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms
  from coupons.issued_coupons
 where (coupon_id, slot) > ($1, $2)
 order by coupon_id, slot
 limit $3
