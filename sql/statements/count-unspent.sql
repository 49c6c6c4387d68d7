-- How many coupons a revoke would take that nobody has spent. What a redemption has merely reserved
-- is not spent.
-- Parameters: coupon id text, user id text (null: of all).
-- Result: one row: the number bigint.

select count(*)
  from coupons.issued_coupons i
  left join coupons.uses u on u.user_id = i.user_id and u.coupon_id = i.coupon_id
  left join coupons.orders o on o.order_id = u.order_id
 where i.coupon_id = $1 and ($2::text is null or i.user_id = $2)
   and (u.order_id is null or coalesce(o.row ? 'reserved', false))
   and not exists (
     select
       from coupons.revocations r
      where r.coupon_id = i.coupon_id and r.user_id = i.user_id and r.to_slot is not null
   )
   and not exists (
     select
       from coupons.revocations r
      where r.coupon_id = i.coupon_id and r.user_id is null and r.to_slot >= i.slot
   )
