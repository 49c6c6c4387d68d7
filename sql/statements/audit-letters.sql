-- A page of the dead letters, without what they carry, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: first and second key, row (JSON text).

select id, '', json_build_object(
         'id', letter -> 'id',
         'consumer', letter -> 'consumer',
         'status', status,
         'origin', letter -> 'origin',
         'key', letter -> 'key',
         'redrivable', letter -> 'redrivable',
         'acts', letter -> 'acts'
       )::text
  from dead_letters.letters
 where id > $1
 order by id
 limit $2
