-- A page of all products, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: product_id, name, price, initial, supplied, available, held, sold.

select product_id, name, price, initial, supplied, available, held, sold
  from stock.products
 where product_id > $1
 order by product_id
 limit $2
