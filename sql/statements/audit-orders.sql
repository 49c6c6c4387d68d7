-- A page of the order process's rows, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: status, unannounced, state (JSON text).

select status, unannounced, state::text
  from orders.orders
 where order_id > $1
 order by order_id
 limit $2
