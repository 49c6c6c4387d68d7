-- The balances of some users, locked until the end of the transaction in the order of their ids.
-- Parameter: user ids text[].
-- Result: user_id, balance; none where a user never topped up.

select user_id, balance
  from payments.balances
 where user_id = any($1::text[])
 order by user_id
   for update
