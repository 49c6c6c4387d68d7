-- The coupons that orders want to use, if they were issued. Locked until the end of the
-- transaction in (coupon id, user id) order, so that of two orders for one coupon the second
-- waits here, and two steps never wait for each other in a circle. The lock is the weakest that
-- keeps others of its kind out.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[].
-- Result: coupon_id, user_id, discount (JSON text, or null); none where it was not issued.

select r.coupon_id, r.user_id,
       (select (c.terms -> 'discount')::text from coupons.coupons c where c.coupon_id = r.coupon_id)
  from (
    select coupon_id collate "C" as coupon_id, user_id collate "C" as user_id
      from unnest($1::text[], $2::text[]) as n (coupon_id, user_id)
     order by 1, 2
  ) as w
 cross join lateral (
    select i.coupon_id, i.user_id
      from coupons.issued_coupons i
     where i.user_id = w.user_id and i.coupon_id = w.coupon_id
       for no key update
  ) as r
