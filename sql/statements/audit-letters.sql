-- A page of the dead letters, with a hash of the bytes that they carry, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select id, '', (letter - 'value' || jsonb_build_object(
         'valueSha256', encode(sha256(convert_to(letter ->> 'value', 'UTF8')), 'hex'),
         'columns', jsonb_build_object('id', id, 'consumer', consumer, 'status', status)
       ))::text
  from dead_letters.letters
 where id > $1
 order by id
 limit $2
