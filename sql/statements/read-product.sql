-- A product and what of it is in stock.
-- Parameters: product id text.
-- Result: product_id, name, price, initial, supplied, available, held, sold; no row where there is
-- no such product.

select product_id, name, price, initial, supplied, available, held, sold
  from stock.products
 where product_id = $1
