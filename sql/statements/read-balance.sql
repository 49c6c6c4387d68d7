-- What is in a user's wallet.
-- Parameters: user id text.
-- Result: balance; no row where the user never topped up.

select balance
  from payments.balances
 where user_id = $1
