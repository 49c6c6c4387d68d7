-- A page of the rows of one coupon, in slot order.
-- Parameters: after this coupon id text ('' from the first), and slot int, limit bigint,
-- coupon id text.
-- Result: coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms.

select coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms
  from coupons.issued_coupons
 where coupon_id = $4 and (coupon_id, slot) > ($1, $2)
 order by coupon_id, slot
 limit $3
