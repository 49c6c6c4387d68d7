-- A page of the coupons in use, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: user_id, coupon_id, order_id.

select user_id, coupon_id, order_id
  from coupons.uses
 where (user_id, coupon_id) > ($1, $2)
 order by user_id, coupon_id
 limit $3
