-- Stores the order process's states, and moves the positions that are locked: see store-step-rows.
-- Parameters: 1 to 11 as of move-consumer-positions. One array element for each order that was
-- just met, in id order: order ids text[], partitions int[], status text[], user ids text[],
-- placed at bigint[], deadlines bigint[] (these three null while the order was not met),
-- unannounced boolean[] (null: as it was), states text[] (JSON). The same eight of orders that were
-- locked.
-- Result: how many were inserted; fewer than were met: another was first.

with moved as (
  {move-consumer-positions}
), inserted as (
  insert into orders.orders as o (
    order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state
  )
  select order_id, partition, status, user_id, placed_at_ms, deadline_ms,
         coalesce(unannounced, false), state::jsonb
    from unnest(
      $12::text[], $13::int[], $14::text[], $15::text[], $16::bigint[], $17::bigint[],
      $18::boolean[], $19::text[]
    ) as n (order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state)
  on conflict (order_id) do nothing
  returning 1
), stored as (
  insert into orders.orders as o (
    order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state
  )
  select order_id, partition, status, user_id, placed_at_ms, deadline_ms,
         coalesce(unannounced, false), state::jsonb
    from unnest(
      $20::text[], $21::int[], $22::text[], $23::text[], $24::bigint[], $25::bigint[],
      $26::boolean[], $27::text[]
    ) as n (order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state)
  on conflict (order_id) do update
     set status = excluded.status,
         user_id = excluded.user_id,
         placed_at_ms = excluded.placed_at_ms,
         deadline_ms = excluded.deadline_ms,
         unannounced = o.unannounced or excluded.unannounced,
         state = excluded.state
)
select count(*) from inserted
