-- Stores what a step knows of orders that it has just met. An order without a row cannot be
-- locked, so two may meet it at once: the second waits here for the first, and inserts nothing.
-- Parameters, one array element for each order, in id order: order ids text[], status text[],
-- rows text[] (JSON), unannounced boolean[].
-- Result: as many rows as orders; fewer: another was first.

insert into {schema}.orders (order_id, status, row, unannounced)
select order_id, status, row::jsonb, unannounced
  from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
    as n (order_id, status, row, unannounced)
on conflict (order_id) do nothing
