-- A page of the coupons in use, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select user_id, coupon_id, json_build_object(
         'userId', user_id,
         'couponId', coupon_id,
         'orderId', order_id
       )::text
  from coupons.uses
 where (user_id, coupon_id) > ($1, $2)
 order by user_id, coupon_id
 limit $3
