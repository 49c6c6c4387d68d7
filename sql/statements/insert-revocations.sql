-- Notes revokes. One that is there already fires a constraint.
-- Parameters, one array element for each, in the order of the log: coupon ids text[], command ids
-- text[], partitions int[], log offsets bigint[], appended_at_ms bigint[], commanded by text[],
-- reasons text[], user ids text[] (null: of all), from slots int[], to slots int[] (null: none).
-- Result: as many rows as revokes.

insert into coupons.revocations (
  coupon_id, command_id, partition, log_offset, appended_at_ms,
  commanded_by, reason, user_id, from_slot, to_slot
)
select *
  from unnest(
    $1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[],
    $6::text[], $7::text[], $8::text[], $9::int[], $10::int[]
  )
