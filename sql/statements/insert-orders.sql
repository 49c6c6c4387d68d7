-- Stores orders that are met for the first time. What has no row cannot be locked, so two may meet
-- it at once: the second waits here for the first, and inserts nothing.
-- Parameters, one array element for each order, in id order: order ids text[], partitions int[],
-- status text[], user ids text[], placed at bigint[], deadlines bigint[] (these three null while
-- the order was not met), unannounced boolean[] (null: as it was), states text[] (JSON).
-- Result: as many rows as orders; fewer, where another was first.

insert into orders.orders as o (
  order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state
)
select order_id, partition, status, user_id, placed_at_ms, deadline_ms,
       coalesce(unannounced, false), state::jsonb
  from unnest(
    $1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[],
    $8::text[]
  ) as n (order_id, partition, status, user_id, placed_at_ms, deadline_ms, unannounced, state)
on conflict (order_id) do nothing
