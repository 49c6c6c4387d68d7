-- The ends of these orders have been published.
-- Parameter: order ids text[].

update orders.orders
   set unannounced = false
 where order_id = any($1::text[])
