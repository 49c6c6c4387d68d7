-- The first position of a partition.
-- Parameters: partition int, next bigint.
-- Result: one row inserted; none: another owner was first.

insert into proof.positions (partition, next_offset) values ($1, $2) on conflict do nothing
