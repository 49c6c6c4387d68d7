-- Which orders use some coupons; those that none uses are missing.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[].
-- Result: coupon_id, user_id, order_id, whether that order is confirmed boolean, and where it is a
-- redemption what it has reserved (JSON text; null: it is none).

select r.coupon_id, r.user_id, r.order_id,
       coalesce(o.row ? 'kept', false), (o.row -> 'reserved')::text
  from unnest($1::text[], $2::text[]) as w (coupon_id, user_id)
 cross join lateral (
    select u.coupon_id, u.user_id, u.order_id
      from coupons.uses u
     where u.user_id = w.user_id and u.coupon_id = w.coupon_id
    offset 0
  ) as r
  left join lateral (
    select o.row
      from coupons.orders o
     where o.order_id = r.order_id
    offset 0
  ) as o on true
