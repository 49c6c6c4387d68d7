-- What a step knows of some orders, locked in the order of their ids.
-- Parameter: order ids text[].
-- Result: row (JSON text).

select row::text
  from {schema}.orders
 where order_id = any($1::text[])
 order by order_id
   for update
