-- What became of some coupons: which order uses each, and whether it is revoked.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever. Written so that it is planned once: see docs/decisions/0083.
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
  from (
    select distinct
           unnest($1::text[]) collate "C" as coupon_id,
           unnest($2::text[]) collate "C" as user_id,
           unnest($3::int[]) + 0 as slot
  ) as w
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
