-- Which steps know which of these orders.
-- Parameters: order ids text[].
-- Result: consumer, order_id.

select 'coupon-step' as consumer, order_id from coupons.orders where order_id = any ($1)
 union all
select 'stock-step', order_id from stock.orders where order_id = any ($1)
 union all
select 'payment-step', order_id from payments.orders where order_id = any ($1)
