-- A page of operators' commands about dead letters, in the order of their keys.
-- Parameters: after this key, two texts ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by key, command_id),
       json_agg(key order by key, command_id)::text,
       (json_agg(json_build_array(key, command_id) order by key, command_id) -> -1)::text,
       count(*)::int
  from (
    select key, command_id, json_build_object(
             'key', key,
             'commandId', command_id,
             'amount', amount,
             'outcome', outcome
           )::text as json
      from dead_letters.commands
     where (key, command_id) > ($1, $2)
     order by key, command_id
     limit $3
  ) page
