-- Notes that what a step has said of some orders is published.
-- Parameter: order ids text[].
-- Result: as many rows as were unannounced.

update {schema}.orders
   set unannounced = false
 where unannounced
   and order_id = any($1::text[])
