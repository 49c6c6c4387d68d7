-- Remembers a topic as it was created; the first to do so is right.
-- Parameters: topic text, topic id text, partitions int, replicas int, min in-sync replicas int.
-- Result: one row inserted; none: it was recorded before.

insert into firstcome.topics (topic, topic_id, partitions, replicas, min_in_sync_replicas)
values ($1, $2, $3, $4, $5)
on conflict (topic) do nothing
