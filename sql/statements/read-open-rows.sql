-- A page of what a step knows of orders that wait, or of which its reply may not be published, in
-- the order of their ids.
-- Parameters: after this order id text ('' from the first), limit bigint.
-- Result: row (JSON text).

select row::text
  from {schema}.orders
 where unannounced
   and order_id > $1
 order by order_id
 limit $2
