-- What was published of partitions beyond the trees as they are: they must come to it again.
-- Parameters: partitions int[].
-- Result: the note of each.

select c.note
  from proof.checkpoints c
  left join proof.trees t on t.coupon_id = c.coupon_id
 where c.partition = any ($1::int[]) and c.size > coalesce(t.size, 0)
 order by c.size
