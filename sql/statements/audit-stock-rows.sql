-- A page of the stock step's rows, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select order_id, '',
       json_build_object('orderId', order_id, 'status', status, 'unannounced', unannounced,
                         'row', row)::text
  from stock.orders
 where order_id > $1
 order by order_id
 limit $2
