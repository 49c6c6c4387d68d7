-- The state of some coupons, and the last slot that they have issued.
-- Parameters: coupon ids text[].
-- Result: coupon_id, partition, rules, status, paused, quantity, opens_at_ms, name,
-- closes_at_ms (null: never), terms (JSON text), commands (JSON text), revocations (JSON text of
-- arrays, in the order of the log; null: none), last slot (0: none).

select c.coupon_id, c.partition, c.rules, c.status, c.paused,
       c.quantity, c.opens_at_ms, c.name, c.last_act_offset, c.closes_at_ms,
       c.terms::text, c.commands::text,
       (select json_agg(json_build_array(r.command_id, r.log_offset, r.appended_at_ms,
                                         r.commanded_by, r.reason, r.user_id, r.from_slot,
                                         r.to_slot) order by r.log_offset)::text
          from coupons.revocations r
         where r.coupon_id = c.coupon_id),
       coalesce((select max(slot) from coupons.issued_coupons where coupon_id = c.coupon_id), 0)
  from coupons.coupons c
 where c.coupon_id = any ($1)
