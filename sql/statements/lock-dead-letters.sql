-- Some dead letters, locked in the order of their ids until the end of the transaction.
-- Parameter: ids text[].
-- Result: letter (JSON text).

select letter::text
  from dead_letters.letters
 where id = any($1::text[])
 order by id
   for update
