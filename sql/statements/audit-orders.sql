-- A page of the order process's rows, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select order_id, '', json_build_object(
         'status', status,
         'unannounced', unannounced,
         'state', state,
         'columns', json_build_object(
           'partition', partition,
           'userId', user_id,
           'placedAt', placed_at_ms,
           'deadline', deadline_ms
         )
       )::text
  from orders.orders
 where order_id > $1
 order by order_id
 limit $2
