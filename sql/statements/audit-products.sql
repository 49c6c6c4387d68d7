-- A page of all products, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by product_id),
       json_agg(product_id order by product_id)::text,
       json_build_array(max(product_id), '')::text,
       count(*)::int
  from (
    select product_id, json_build_object(
             'status', 'stocked',
             'productId', product_id,
             'name', name,
             'price', price,
             'initial', initial,
             'supplied', supplied,
             'available', available,
             'held', held,
             'sold', sold
           )::text as json
      from stock.products
     where product_id > $1
     order by product_id
     limit $2
  ) page
