-- What the built-in provider did about some orders. Read after the balances of their users are
-- locked, which is what keeps two askers of one order apart.
-- Parameter: order ids text[].
-- Result: order_id, status, amount, reason (or null).

select order_id, status, amount, reason
  from payments.charges
 where order_id = any($1::text[])
