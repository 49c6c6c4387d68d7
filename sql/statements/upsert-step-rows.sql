-- Stores what a step knows of some orders.
-- Parameters, one array element for each order, in id order: order ids text[], status text[],
-- rows text[] (JSON), unannounced boolean[].
-- Result: as many rows as orders.

insert into {schema}.orders (order_id, status, row, unannounced)
select order_id, status, row::jsonb, unannounced
  from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
    as n (order_id, status, row, unannounced)
on conflict (order_id) do update
   set status = excluded.status,
       row = excluded.row,
       unannounced = excluded.unannounced
