-- Which of these coupons were rehearsals' that have ended.
-- Parameters: coupon ids text[].
-- Result: coupon_id, partition, rules, last_act_offset, terms (JSON text).

select coupon_id, partition, rules, last_act_offset, terms::text
  from coupons.ended_rehearsals
 where coupon_id = any ($1)
