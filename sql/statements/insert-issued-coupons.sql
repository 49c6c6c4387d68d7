-- The rows that one batch has won, in one statement: one by one they take 30 times as long.
-- Rows arrive in (coupon id, slot) order; two writers that insert in different orders into two
-- unique indexes could wait for each other for ever.
-- The arrays are unnested side by side in the select list, which passes each row on as it is read:
-- as a table in the from clause all are stored first, a tenth of the time of the whole.
-- Parameters: partition int, then one array element for each row: coupon ids text[], slots int[],
-- user ids text[], claim ids text[], codes text[], log offsets bigint[], appended_at_ms bigint[].
-- Result: as many rows as given.

insert into coupons.issued_coupons (
  partition, coupon_id, slot, user_id, claim_id, code, log_offset, appended_at_ms
)
select $1::int, unnest($2::text[]), unnest($3::int[]), unnest($4::text[]), unnest($5::text[]),
       unnest($6::text[]), unnest($7::bigint[]), unnest($8::bigint[])
