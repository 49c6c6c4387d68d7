-- Hashes of complete subtrees.
-- Parameters: coupon id text; levels int[] and indexes bigint[], one element for each.
-- Result: level, index, hash.

select n.level, n.index, n.hash
  from unnest($2::int[], $3::bigint[]) as asked (level, index)
  join proof.nodes n on n.coupon_id = $1 and n.level = asked.level and n.index = asked.index
