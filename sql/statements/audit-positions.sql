-- Where the five consumers of orders stand, as of one moment.
-- Result: consumer, topic, partition, next_offset, published_offset, applied, dropped, postponed,
-- buried, passed_by.

select 'order-process' as consumer, topic, partition, next_offset, published_offset,
       applied, dropped, postponed, buried, passed_by
  from orders.consumer_positions
 union all
select 'coupon-step', topic, partition, next_offset, published_offset,
       applied, dropped, postponed, buried, passed_by
  from coupons.consumer_positions
 union all
select 'stock-step', topic, partition, next_offset, published_offset,
       applied, dropped, postponed, buried, passed_by
  from stock.consumer_positions
 union all
select 'payment-step', topic, partition, next_offset, published_offset,
       applied, dropped, postponed, buried, passed_by
  from payments.consumer_positions
 union all
select 'dead-letters', topic, partition, next_offset, published_offset,
       applied, dropped, postponed, buried, passed_by
  from dead_letters.consumer_positions
