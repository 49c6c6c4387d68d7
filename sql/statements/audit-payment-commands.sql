-- A page of the payment step's commands, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: key, command_id, amount, outcome.

select key, command_id, amount, outcome
  from payments.commands
 where (key, command_id) > ($1, $2)
 order by key, command_id
 limit $3
