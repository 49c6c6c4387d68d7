-- The coupons that orders want to use, if they were issued. Locked until the end of the
-- transaction in (coupon id, user id) order, so that of two orders for one coupon the second
-- waits here, and two steps never wait for each other in a circle. The lock is the weakest that
-- keeps others of its kind out.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[].
-- Result: coupon_id, user_id, discount (JSON text, or null); none where it was not issued.

select i.coupon_id, i.user_id, (c.terms -> 'discount')::text
  from unnest($1::text[], $2::text[]) as w (coupon_id, user_id)
  join coupons.issued_coupons i using (coupon_id, user_id)
  join coupons.coupons c using (coupon_id)
 order by i.coupon_id, i.user_id
   for no key update of i
