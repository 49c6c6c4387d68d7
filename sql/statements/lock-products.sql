-- Some products, locked in the order of their ids until the end of the transaction.
-- Parameter: product ids text[].
-- Result: product_id, name, price, initial, supplied, available, held, sold.

select product_id, name, price, initial, supplied, available, held, sold
  from stock.products
 where product_id = any($1::text[])
 order by product_id
   for update
