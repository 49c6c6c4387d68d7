-- A page of operators' commands about dead letters, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select key, command_id, json_build_object(
         'key', key,
         'commandId', command_id,
         'amount', amount,
         'outcome', outcome
       )::text
  from dead_letters.commands
 where (key, command_id) > ($1, $2)
 order by key, command_id
 limit $3
