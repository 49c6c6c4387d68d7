-- All that was ever published.
-- Parameters: none.
-- Result: coupon id, size, signer, partition, note.

select coupon_id, size, signer, partition, note
  from proof.checkpoints
 order by coupon_id, size
