-- Lets go of coupons that orders had used.
-- Parameters, one array element for each use: coupon ids text[], user ids text[],
-- order ids text[].
-- Result: as many rows as there were.

delete from coupons.uses u
 using unnest($1::text[], $2::text[], $3::text[]) as n (coupon_id, user_id, order_id)
 where u.coupon_id = n.coupon_id
   and u.user_id = n.user_id
   and u.order_id = n.order_id
