-- What a step knows of some orders, locked in the order of their ids.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameter: order ids text[].
-- Result: row (JSON text).

select r.row
  from (select distinct unnest($1::text[]) collate "C" as order_id order by 1) as w
 cross join lateral (
    select row::text
      from {schema}.orders t
     where t.order_id = w.order_id
       for update
  ) as r
