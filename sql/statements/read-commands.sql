-- What became of operators' commands; those that were not applied are missing.
-- Each row is looked for by itself, through its key: a plan made while the table was small would
-- read all of it for ever.
-- Parameters, one array element for each command: keys text[], command ids text[].
-- Result: key, command_id, amount (or null), outcome.

select r.key, r.command_id, r.amount, r.outcome
  from unnest($1::text[], $2::text[]) as w (key, command_id)
 cross join lateral (
    select c.key, c.command_id, c.amount, c.outcome
      from {schema}.commands c
     where c.key = w.key and c.command_id = w.command_id
    offset 0
  ) as r
