-- A page of the rows that a range of the log has won, in (coupon id, slot) order. The whole range
-- is sorted for every page: meant for the short end of the log that is not published yet.
-- Parameters: after this coupon id text ('' from the first), and slot int, limit bigint,
-- partition int, from this offset bigint, to this offset bigint (exclusive),
-- coupon id text (null: of any).
-- Result: coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms.

select coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms
  from coupons.issued_coupons
 where partition = $4 and log_offset >= $5 and log_offset < $6
   and (coupon_id, slot) > ($1, $2)
   and ($7::text is null or coupon_id = $7)
 order by coupon_id, slot
 limit $3
