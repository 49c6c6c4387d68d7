-- How many dead letters wait, by consumer and reason, the most first.
-- Parameters: the most that are counted bigint, in id order; the most groups bigint.
-- Result: consumer text, reason text, count bigint, how many of them can be re-driven bigint.

select consumer, reason, count(*), count(*) filter (where redrivable)
  from (
    select consumer,
           (letter ->> 'reason') collate "C" as reason,
           (letter ->> 'redrivable')::boolean as redrivable
      from dead_letters.letters
     where status = 'waiting'
     order by id
     limit $1
  ) as waiting
 group by consumer, reason
 order by count(*) desc, consumer, reason
 limit $2
