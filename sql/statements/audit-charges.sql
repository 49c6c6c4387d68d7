-- A page of what the built-in provider has charged, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: order_id, user_id, status, amount.

select order_id, user_id, status, amount
  from payments.charges
 where order_id > $1
 order by order_id
 limit $2
