-- One dead letter.
-- Parameters: id text.
-- Result: letter (JSON text); no row where there is none.

select letter::text
  from dead_letters.letters
 where id = $1
