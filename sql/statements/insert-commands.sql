-- Stores what became of operators' commands, once: the first outcome of a command id stays.
-- Parameters, one array element for each command: keys text[], command ids text[],
-- amounts bigint[] (null: none), outcomes text[].

insert into {schema}.commands (key, command_id, amount, outcome)
select key, command_id, amount, outcome
  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
    as n (key, command_id, amount, outcome)
on conflict (key, command_id) do nothing
