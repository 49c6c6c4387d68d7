-- How many dead letters wait for an operator.
-- Parameters: the most that are counted bigint.
-- Result: count bigint.

select count(*)
  from (select from dead_letters.letters where status = 'waiting' limit $1) waiting
