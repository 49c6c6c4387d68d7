-- The fence, as lock-consumer-positions has it, and then what a step knows of some orders, locked
-- in the order of their ids. A row that another writes while this waits for a position is not
-- found; to insert it then inserts nothing. Each row is looked for by itself, through its key: a
-- plan made while the table was small would read all of it for ever.
-- Parameters: topics text[], partitions int[], one element for each position; order ids text[].
-- Result: topic, partition, next_offset, null of each position that was ever written, and then
-- null, null, null, row (JSON text) of each order that was met.

with positions as (
  {lock-consumer-positions}
)
select topic, partition, next_offset, null::text as row
  from positions
union all
select null, null, null, r.row
  from (select distinct unnest($3::text[]) collate "C" as order_id order by 1) as w
 cross join lateral (
    select row::text
      from {schema}.orders t
     where t.order_id = w.order_id
       for update
  ) as r
