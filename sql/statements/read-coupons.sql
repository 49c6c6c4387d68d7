-- The state of some coupons, and the last slot that they have issued.
-- Parameters: coupon ids text[].
-- Result: coupon_id, partition, rules, status, paused, quantity, opens_at_ms, name,
-- closes_at_ms (null: never), terms (JSON text), commands (JSON text), last slot (0: none).

select c.coupon_id, c.partition, c.rules, c.status, c.paused,
       c.quantity, c.opens_at_ms, c.name, c.closes_at_ms, c.terms::text, c.commands::text,
       coalesce((select max(slot) from coupons.issued_coupons where coupon_id = c.coupon_id), 0)
  from coupons.coupons c
 where c.coupon_id = any ($1)
