-- Up to which size each coupon was published.
-- Parameters: none.
-- Result: coupon id, size.

select coupon_id, max(size) from proof.checkpoints group by coupon_id order by coupon_id
