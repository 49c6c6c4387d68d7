-- Where every reader of the log stands, and the fingerprint of the record before that.
-- Parameters: none.
-- Result: reader, topic, partition, next_offset, fingerprint (null: not known).

select reader, topic, partition, next_offset, fingerprint from coupons.positions
 union all
select 'order-process', topic, partition, next_offset, fingerprint from orders.consumer_positions
 union all
select 'coupon-step', topic, partition, next_offset, fingerprint from coupons.consumer_positions
 union all
select 'stock-step', topic, partition, next_offset, fingerprint from stock.consumer_positions
 union all
select 'payment-step', topic, partition, next_offset, fingerprint from payments.consumer_positions
 union all
select 'dead-letters', topic, partition, next_offset, fingerprint
  from dead_letters.consumer_positions
 order by 1, 2, 3
