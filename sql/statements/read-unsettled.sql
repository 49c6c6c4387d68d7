-- What was captured from some users and may still come back. Read after their balances are locked,
-- which whoever gives money back locks as well.
-- Parameter: user ids text[].
-- Result: user_id, sum of amounts; none where nothing is unsettled.

select r.user_id, r.amount
  from (select distinct unnest($1::text[]) as user_id) as w
 cross join lateral (
    select user_id, sum(amount)::bigint as amount
      from payments.charges t
     where t.user_id = w.user_id
       and t.unsettled
     group by user_id
    offset 0
  ) as r
