-- A page of all wallets, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: user_id, balance.

select user_id, balance
  from payments.balances
 where user_id > $1
 order by user_id
 limit $2
