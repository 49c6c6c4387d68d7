-- The trees of partitions, and up to which size this signer has signed each.
-- Parameters: partitions int[], signer text.
-- Result: coupon id, partition, size, at (ms), subtrees, signed size.

select t.coupon_id, t.partition, t.size, t.at_ms, t.subtrees,
       coalesce((
         select max(c.size) from proof.checkpoints c
          where c.coupon_id = t.coupon_id and c.signer = $2
       ), 0)
  from proof.trees t
 where t.partition = any ($1::int[])
