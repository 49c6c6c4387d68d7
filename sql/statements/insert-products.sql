-- Stores products that are met for the first time. What has no row cannot be locked, so two may
-- meet it at once: the second waits here for the first, and inserts nothing.
-- Parameters, one array element for each product, in id order: product ids text[], names text[],
-- prices bigint[], initial bigint[], supplied bigint[], available bigint[], held bigint[],
-- sold bigint[].
-- Result: as many rows as products; fewer, where another was first.

insert into stock.products (product_id, name, price, initial, supplied, available, held, sold)
select product_id, name, price, initial, supplied, available, held, sold
  from unnest(
    $1::text[], $2::text[], $3::bigint[], $4::bigint[],
    $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]
  ) as n (product_id, name, price, initial, supplied, available, held, sold)
on conflict (product_id) do nothing
