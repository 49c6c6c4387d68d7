-- Which orders use some coupons; those that none uses are missing.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[].
-- Result: coupon_id, user_id, order_id.

select u.coupon_id, u.user_id, u.order_id
  from unnest($1::text[], $2::text[]) as w (coupon_id, user_id)
  join coupons.uses u using (coupon_id, user_id)
