-- Live orders whose time is over, the oldest first; of redemptions those of which the log does not
-- say so yet.
-- Parameters: partitions int[], now bigint, limit bigint.
-- Result: order_id.

select order_id
  from orders.orders
 where status in ('placed', 'due')
   and deadline_ms <= $2
   and partition = any($1::int[])
   and state #> '{redemption,isOver}' is null
 order by deadline_ms
 limit $3
