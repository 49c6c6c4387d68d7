-- The fence, and the order process's states of some orders: see lock-step-rows.
-- Parameters: topics text[], partitions int[], one element for each position; order ids text[].
-- Result: topic, partition, next_offset, null of each position that was ever written, and then
-- null, null, null, state (JSON text) of each order that was met.

with positions as (
  {lock-consumer-positions}
)
select topic, partition, next_offset, null::text as state
  from positions
union all
select null, null, null, r.state
  from (select distinct unnest($3::text[]) collate "C" as order_id order by 1) as w
 cross join lateral (
    select state::text
      from orders.orders t
     where t.order_id = w.order_id
       for update
  ) as r
