-- Takes a key for one thing, unless it was given for another, and forgets some whose day is over.
-- Those that somebody else is at are passed over: two that wait for each other's rows would stop.
-- Parameters: key text, what it is given for text.
-- Result: one row changed; none: it was given for something else.

with forgotten as (
  delete from nodes.given_keys
   where key in (
     select key
       from nodes.given_keys
      where given_at < now() - interval '1 day'
        and key <> $1
      limit 100
        for update skip locked
   )
)
insert into nodes.given_keys as k (key, given_for, takers, given_at)
values ($1, $2, 1, now())
on conflict (key) do update
   set given_for = excluded.given_for,
       takers = case when k.given_for = excluded.given_for then k.takers + 1 else 1 end,
       given_at = now()
 where k.given_for = excluded.given_for
    or k.takers = 0
    or k.given_at < now() - interval '1 day'
