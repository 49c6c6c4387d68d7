-- The first balances of users. A user without one cannot be locked, so two may top up at once:
-- the second waits here for the first, and inserts nothing.
-- Parameters, one array element for each user, in id order: user ids text[], balances bigint[].
-- Result: as many rows as users; fewer: another was first.

insert into payments.balances (user_id, balance)
select user_id, balance
  from unnest($1::text[], $2::bigint[]) as n (user_id, balance)
on conflict (user_id) do nothing
