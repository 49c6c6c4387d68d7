-- Orders that the order process has met, as it has them.
-- Parameters: order ids text[].
-- Result: state (JSON text).

select state::text
  from orders.orders
 where order_id = any($1::text[]) and status <> 'awaited'
