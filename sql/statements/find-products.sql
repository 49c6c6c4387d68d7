-- Some products as they are now; none is locked.
-- Parameter: product ids text[].
-- Result: product_id, name, price, initial, supplied, available, held, sold.

select product_id, name, price, initial, supplied, available, held, sold
  from stock.products
 where product_id = any($1::text[])
