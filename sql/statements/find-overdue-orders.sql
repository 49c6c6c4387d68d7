-- Live orders whose time is over, the oldest first.
-- Parameters: partitions int[], now bigint, limit bigint.
-- Result: order_id.

select order_id
  from orders.orders
 where status in ('placed', 'due')
   and deadline_ms <= $2
   and partition = any($1::int[])
 order by deadline_ms
 limit $3
