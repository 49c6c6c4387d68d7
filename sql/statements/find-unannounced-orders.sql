-- Orders that the time has ended, and whose end may not be published yet.
-- Parameters: partitions int[], limit bigint.
-- Result: state (JSON text).

select state::text
  from orders.orders
 where unannounced
   and partition = any($1::int[])
 order by order_id
 limit $2
