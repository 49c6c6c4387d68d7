-- Some products, locked in the order of their ids until the end of the transaction.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameter: product ids text[].
-- Result: product_id, name, price, initial, supplied, available, held, sold.

select r.product_id, r.name, r.price, r.initial, r.supplied, r.available, r.held, r.sold
  from (select distinct unnest($1::text[]) collate "C" as product_id order by 1) as w
 cross join lateral (
    select product_id, name, price, initial, supplied, available, held, sold
      from stock.products t
     where t.product_id = w.product_id
       for update
  ) as r
