-- Those of some operators' commands that the consumer of dead letters has applied.
-- Parameters: keys text[], command ids text[].
-- Result: key, command_id, amount, outcome.

select c.key, c.command_id, c.amount, c.outcome
  from unnest($1::text[], $2::text[]) as wanted (key, command_id)
  join dead_letters.commands c on c.key = wanted.key and c.command_id = wanted.command_id
