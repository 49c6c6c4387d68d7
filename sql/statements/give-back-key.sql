-- Says that what one has asked for with a key has certainly come to nothing.
-- Parameters: key text, what it was given for text.

update nodes.given_keys
   set takers = takers - 1
 where key = $1
   and given_for = $2
   and takers > 0
