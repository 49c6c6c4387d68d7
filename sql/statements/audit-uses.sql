-- A page of the coupons in use, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by user_id, coupon_id),
       json_agg(order_id order by user_id, coupon_id)::text,
       (json_agg(json_build_array(user_id, coupon_id) order by user_id, coupon_id) -> -1)::text,
       count(*)::int
  from (
    select user_id, coupon_id, order_id, json_build_object(
             'userId', user_id,
             'couponId', coupon_id,
             'orderId', order_id
           )::text as json
      from coupons.uses
     where (user_id, coupon_id) > ($1, $2)
     order by user_id, coupon_id
     limit $3
  ) page
