-- Stores what a step knows of some orders.
-- Parameters, one array element for each order, in id order: order ids text[], status text[],
-- rows text[] (JSON).
-- Result: as many rows as orders.

insert into {schema}.orders (order_id, status, row)
select order_id, status, row::jsonb
  from unnest($1::text[], $2::text[], $3::text[]) as n (order_id, status, row)
on conflict (order_id) do update
   set status = excluded.status,
       row = excluded.row
