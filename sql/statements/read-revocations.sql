-- The revokes that stand in a range of the claims log, in its order.
-- Parameters: partition int, from offset bigint, to offset bigint (not included).
-- Result: coupon_id, command_id, partition, log_offset, appended_at_ms, commanded_by, reason,
-- user_id (null: of all), from_slot, to_slot (null: it took none), and how many of
-- those that it took nobody had spent.

select coupon_id, command_id, partition, log_offset, appended_at_ms,
       commanded_by, reason, user_id, from_slot, to_slot, unspent
  from coupons.revocations
 where partition = $1 and log_offset >= $2 and log_offset < $3
 order by log_offset
