-- Of the live orders those that time ends first; no redemptions of which the log says that already.
-- Parameters: partitions int[], limit bigint.
-- Result: order_id, deadline_ms.

select order_id, deadline_ms
  from orders.orders
 where status in ('placed', 'due')
   and partition = any($1::int[])
   and state #> '{redemption,isOver}' is null
 order by deadline_ms
 limit $2
