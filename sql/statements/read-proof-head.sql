-- How far the tree of a coupon has come, and what was published of it.
-- Parameters: coupon id text, signer text.
-- Result: one row: size (0: no tree), next offset of its partition, largest size that anybody has
-- signed, size and note of the newest checkpoint of this signer (null: none).

select coalesce(t.size, 0), coalesce(p.next_offset, 0),
       coalesce((select max(size) from proof.checkpoints where coupon_id = $1), 0),
       c.size, c.note
  from (select 1) one
  left join proof.trees t on t.coupon_id = $1
  left join proof.positions p on p.partition = t.partition
  left join lateral (
    select size, note from proof.checkpoints
     where coupon_id = $1 and signer = $2 order by size desc limit 1
  ) c on true
