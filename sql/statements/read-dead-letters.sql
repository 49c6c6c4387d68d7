-- A page of dead letters, in id order, without what may be large: a page of it would be megabytes.
-- Parameters: after this id text ('' from the first), limit bigint, status text (null: any),
-- consumer text (null: any), reason text, word by word (null: any).
-- Result: letter without value and headers (JSON text).

select (letter - 'value' - 'headers')::text
  from dead_letters.letters
 where id > $1
   and ($3::text is null or status = $3)
   and ($4::text is null or consumer = $4)
   and ($5::text is null or letter ->> 'reason' = $5)
 order by id
 limit $2
