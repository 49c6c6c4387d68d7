-- The balances of some users, locked until the end of the transaction in the order of their ids.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameter: user ids text[].
-- Result: user_id, balance; none where a user never topped up.

select r.user_id, r.balance
  from (select distinct unnest($1::text[]) collate "C" as user_id order by 1) as w
 cross join lateral (
    select user_id, balance
      from payments.balances t
     where t.user_id = w.user_id
       for update
  ) as r
