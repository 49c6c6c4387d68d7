-- Orders that the order process has met, as it has them.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever. Distinct and collated, so that it is planned once (0083).
-- Parameters: order ids text[].
-- Result: state (JSON text).

select r.state
  from (select distinct unnest($1::text[]) collate "C" as order_id) as w
 cross join lateral (
    select state::text
      from orders.orders t
     where t.order_id = w.order_id and t.status <> 'awaited'
    offset 0
  ) as r
