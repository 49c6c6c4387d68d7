-- What became of some coupons: which order uses each, and whether it is revoked.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[], slots int[]
-- (null: not issued).
-- Result: coupon_id, user_id, order_id (null: none uses it), whether that order is confirmed
-- boolean, where it is a redemption what it has reserved (JSON text; null: it is none), and whether
-- the coupon is revoked boolean.

select w.coupon_id, w.user_id, r.order_id,
       coalesce(o.row ? 'kept', false), (o.row -> 'reserved')::text,
       w.slot is not null and (
         exists (
           select from coupons.revocations v
            where v.coupon_id = w.coupon_id and v.user_id = w.user_id and v.to_slot is not null
         ) or exists (
           select from coupons.revocations v
            where v.coupon_id = w.coupon_id and v.user_id is null and v.to_slot >= w.slot
         )
       )
  from unnest($1::text[], $2::text[], $3::int[]) as w (coupon_id, user_id, slot)
  left join lateral (
    select u.order_id
      from coupons.uses u
     where u.user_id = w.user_id and u.coupon_id = w.coupon_id
    offset 0
  ) as r on true
  left join lateral (
    select o.row
      from coupons.orders o
     where o.order_id = r.order_id
    offset 0
  ) as o on true
