-- Notes which orders use which coupons. A coupon that is used already fires a constraint.
-- Parameters, one array element for each use, in (coupon id, user id) order: coupon ids text[],
-- user ids text[], order ids text[].
-- Result: as many rows as uses.

insert into coupons.uses (coupon_id, user_id, order_id)
select coupon_id, user_id, order_id
  from unnest($1::text[], $2::text[], $3::text[]) as n (coupon_id, user_id, order_id)
