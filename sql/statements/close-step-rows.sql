-- Notes that what a step has said of some orders is published.
-- Parameter: order ids text[].
-- Result: as many rows as were open.

update {schema}.orders
   set open = false
 where open
   and order_id = any($1::text[])
