-- Stores what a step knows of some orders, and moves the positions that are locked. An order
-- without a row cannot be locked, so two may meet it at once: the second waits here for the first,
-- and inserts nothing.
-- Parameters: 1 to 11 as of move-consumer-positions. Orders of which all is said: order ids text[].
-- One array element for each order that was just met, in id order: order ids text[], status
-- text[], rows text[] (JSON), unannounced boolean[]. The same four of orders that were locked. No
-- order is in two of these three.
-- Result: how many were inserted; fewer than were met: another was first.

with moved as (
  {move-consumer-positions}
), closed as (
  update {schema}.orders
     set unannounced = false
   where unannounced
     and order_id = any($12::text[])
), inserted as (
  insert into {schema}.orders (order_id, status, row, unannounced)
  select order_id, status, row::jsonb, unannounced
    from unnest($13::text[], $14::text[], $15::text[], $16::boolean[])
      as n (order_id, status, row, unannounced)
  on conflict (order_id) do nothing
  returning 1
), stored as (
  insert into {schema}.orders (order_id, status, row, unannounced)
  select order_id, status, row::jsonb, unannounced
    from unnest($17::text[], $18::text[], $19::text[], $20::boolean[])
      as n (order_id, status, row, unannounced)
  on conflict (order_id) do update
     set status = excluded.status,
         row = excluded.row,
         unannounced = excluded.unannounced
)
select count(*) from inserted
