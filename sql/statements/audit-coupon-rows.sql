-- A page of the coupon step's rows, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by order_id),
       json_agg(order_id order by order_id)::text,
       json_build_array(max(order_id), '')::text,
       count(*)::int
  from (
    select order_id, json_build_object(
             'orderId', order_id,
             'status', status,
             'unannounced', unannounced,
             'row', row
           )::text as json
      from coupons.orders
     where order_id > $1
     order by order_id
     limit $2
  ) page
