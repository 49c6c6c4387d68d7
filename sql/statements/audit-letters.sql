-- A page of the dead letters, without what they carry, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: letter (JSON text), status.

select (letter - 'value' - 'headers')::text, status
  from dead_letters.letters
 where id > $1
 order by id
 limit $2
