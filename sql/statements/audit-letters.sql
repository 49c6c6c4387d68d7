-- A page of the dead letters, with a hash of the bytes that they carry, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by id),
       json_agg(id order by id)::text,
       json_build_array(max(id), '')::text,
       count(*)::int
  from (
    select id, (letter - 'value' || jsonb_build_object(
             'valueSha256', encode(sha256(convert_to(letter ->> 'value', 'UTF8')), 'hex'),
             'columns', jsonb_build_object('id', id, 'consumer', consumer, 'status', status)
           ))::text as json
      from dead_letters.letters
     where id > $1
     order by id
     limit $2
  ) page
