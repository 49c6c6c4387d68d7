-- The topics as they were recorded.
-- Parameters: none.
-- Result: topic, topic_id, partitions, replicas, min_in_sync_replicas.

select topic, topic_id, partitions, replicas, min_in_sync_replicas
  from firstcome.topics
 order by topic
