-- Stores the state of coupons, new or changed.
-- Parameters, one array element for each coupon, in coupon id order: coupon ids text[],
-- partitions int[], rules bigint[], status text[], paused boolean[],
-- quantities int[], opens_at_ms bigint[], names text[], last act offsets bigint[] (null: not
-- known), closes_at_ms bigint[] (null: never), terms text[] (JSON), commands text[] (JSON).
-- Result: as many rows as coupons.

insert into coupons.coupons as c (
  coupon_id, partition, rules, status, paused,
  quantity, opens_at_ms, name, last_act_offset, closes_at_ms, terms, commands
)
select n.coupon_id, n.partition, n.rules, n.status, n.paused,
       n.quantity, n.opens_at_ms, n.name, n.last_act_offset, n.closes_at_ms,
       n.terms::jsonb, n.commands::jsonb
  from unnest(
    $1::text[], $2::int[], $3::bigint[], $4::text[], $5::boolean[],
    $6::int[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[]
  ) as n (
    coupon_id, partition, rules, status, paused,
    quantity, opens_at_ms, name, last_act_offset, closes_at_ms, terms, commands
  )
on conflict (coupon_id) do update
   set partition = excluded.partition,
       rules = excluded.rules,
       status = excluded.status,
       paused = excluded.paused,
       quantity = excluded.quantity,
       opens_at_ms = excluded.opens_at_ms,
       name = excluded.name,
       last_act_offset = excluded.last_act_offset,
       closes_at_ms = excluded.closes_at_ms,
       terms = excluded.terms,
       commands = excluded.commands
