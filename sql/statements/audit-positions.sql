-- Where the five consumers of orders stand, as of one moment.
-- Result: position (JSON text).

select json_build_object(
         'consumer', consumer,
         'topic', topic,
         'partition', partition,
         'next', next_offset,
         'published', published_offset,
         'taken', json_build_object(
           'applied', applied,
           'dropped', dropped,
           'postponed', postponed,
           'buried', buried,
           'passedBy', passed_by
         )
       )::text
  from (
    select 'order-process' as consumer, * from orders.consumer_positions
     union all
    select 'coupon-step', * from coupons.consumer_positions
     union all
    select 'stock-step', * from stock.consumer_positions
     union all
    select 'payment-step', * from payments.consumer_positions
     union all
    select 'dead-letters', * from dead_letters.consumer_positions
  ) as positions
