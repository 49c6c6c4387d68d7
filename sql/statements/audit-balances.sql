-- A page of all wallets, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select user_id, '', json_build_object('userId', user_id, 'balance', balance)::text
  from payments.balances
 where user_id > $1
 order by user_id
 limit $2
