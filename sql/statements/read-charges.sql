-- What the built-in provider did about some orders. Read after the balances of their users are
-- locked, which is what keeps two askers of one order apart.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever. Distinct and collated, so that it is planned once (0083).
-- Parameter: order ids text[].
-- Result: order_id, status, amount, reason (or null), unsettled.

select r.order_id, r.status, r.amount, r.reason, r.unsettled
  from (select distinct unnest($1::text[]) collate "C" as order_id) as w
 cross join lateral (
    select order_id, status, amount, reason, unsettled
      from payments.charges t
     where t.order_id = w.order_id
    offset 0
  ) as r
