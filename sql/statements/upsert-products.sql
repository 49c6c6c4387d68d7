-- Stores products, new or changed.
-- Parameters, one array element for each product, in id order: product ids text[], names text[],
-- prices bigint[], initial bigint[], supplied bigint[], available bigint[], held bigint[],
-- sold bigint[].
-- Result: as many rows as products.

insert into stock.products (product_id, name, price, initial, supplied, available, held, sold)
select product_id, name, price, initial, supplied, available, held, sold
  from unnest(
    $1::text[], $2::text[], $3::bigint[], $4::bigint[],
    $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]
  ) as n (product_id, name, price, initial, supplied, available, held, sold)
on conflict (product_id) do update
   set supplied = excluded.supplied,
       available = excluded.available,
       held = excluded.held,
       sold = excluded.sold
