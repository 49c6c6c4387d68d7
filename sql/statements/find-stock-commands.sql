-- Operators' commands on products whose ids begin so. By the index commands_by_id, whose order is
-- that of bytes.
-- Parameters: from text, below text: the first id, and the first that is none of them any more.
-- Result: key, command_id, amount (or null), outcome; some of them at most.

select key, command_id, amount, outcome
  from stock.commands
 where command_id >= $1 and command_id < $2
 order by command_id
 limit 10
