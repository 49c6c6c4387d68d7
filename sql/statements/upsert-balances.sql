-- Stores balances, new or changed.
-- Parameters, one array element for each user, in id order: user ids text[], balances bigint[].
-- Result: as many rows as users.

insert into payments.balances (user_id, balance)
select user_id, balance
  from unnest($1::text[], $2::bigint[]) as n (user_id, balance)
on conflict (user_id) do update
   set balance = excluded.balance
