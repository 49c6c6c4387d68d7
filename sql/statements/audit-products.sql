-- A page of all products, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select product_id, '', json_build_object(
         'status', 'stocked',
         'productId', product_id,
         'name', name,
         'price', price,
         'initial', initial,
         'supplied', supplied,
         'available', available,
         'held', held,
         'sold', sold
       )::text
  from stock.products
 where product_id > $1
 order by product_id
 limit $2
