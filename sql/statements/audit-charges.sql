-- A page of what the built-in provider has charged, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select order_id, '', json_build_object(
         'orderId', order_id,
         'userId', user_id,
         'status', status,
         'amount', amount,
         'reason', reason,
         'unsettled', unsettled
       )::text
  from payments.charges
 where order_id > $1
 order by order_id
 limit $2
