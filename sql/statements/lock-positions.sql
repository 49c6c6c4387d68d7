-- Waits for every batch that is being applied, and lets none begin until this transaction ends.
-- Also for partitions that were never written, whose first position is still to be inserted.
-- Parameters: none.
-- Result: nothing.

lock table coupons.positions in exclusive mode
