-- The order process's states of some orders, locked in the order of their ids.
-- Parameter: order ids text[].
-- Result: state (JSON text).

select state::text
  from orders.orders
 where order_id = any($1::text[])
 order by order_id
   for update
