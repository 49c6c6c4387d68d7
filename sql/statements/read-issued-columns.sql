-- A page of all rows as columns, by coupon and by the partition that they name, in the order of
-- read-issued-rows.sql: whoever compares all rows needs none of them by itself.
-- Parameters: after this coupon id text ('' from the first), and slot int, limit bigint.
-- Result: coupon_id, partition, first and last slot, how many rows; then, one a line and in slot
-- order: user_id, claim_id, code, log_offset, appended_at_ms.

select coupon_id,
       partition,
       min(slot),
       max(slot),
       count(*)::int,
       string_agg(user_id, E'\n' order by slot),
       string_agg(claim_id, E'\n' order by slot),
       string_agg(code, E'\n' order by slot),
       string_agg(log_offset::text, E'\n' order by slot),
       string_agg(appended_at_ms::text, E'\n' order by slot)
  from (
    select coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms
      from coupons.issued_coupons
     where (coupon_id, slot) > ($1, $2)
     order by coupon_id, slot
     limit $3
  ) page
 group by coupon_id, partition
 order by coupon_id, min(slot)
