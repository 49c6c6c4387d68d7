-- What became of operators' commands; those that were not applied are missing.
-- Parameters, one array element for each command: keys text[], command ids text[].
-- Result: key, command_id, amount (or null), outcome.

select c.key, c.command_id, c.amount, c.outcome
  from {schema}.commands c
  join unnest($1::text[], $2::text[]) as w (key, command_id) using (key, command_id)
