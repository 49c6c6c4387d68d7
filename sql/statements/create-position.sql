-- The first position of a partition, which stands at 0 until it is written. Of two owners at
-- once the second waits for the first one's commit and then inserts nothing.
-- Parameters: reader text, topic text, partition int, next bigint, fingerprint text.
-- Result: one row inserted; none: it was there already.

insert into coupons.positions (reader, topic, partition, next_offset, published_offset, fingerprint)
values ($1, $2, $3, $4, 0, $5)
on conflict (reader, topic, partition) do nothing
