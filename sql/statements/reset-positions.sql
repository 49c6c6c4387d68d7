-- Sends a reader back to the start of a topic. How far it had come, and had published, stays known,
-- as far as the log still reaches: the same records win the same rows again. Their rows are of
-- another generation.
-- Parameters: reader text, topic text, partitions int[], and of each the end of its log bigint[].
-- Result: as many rows as positions of these partitions.

update coupons.positions as p
   set notified_offset = least(greatest(p.notified_offset, p.published_offset), log.end_offset),
       dropped_offset = least(greatest(p.dropped_offset, p.next_offset), log.end_offset),
       published_offset = 0,
       next_offset = 0,
       fingerprint = null,
       generation = gen_random_uuid()
  from unnest($3::int[], $4::bigint[]) as log (partition, end_offset)
 where p.reader = $1 and p.topic = $2 and p.partition = log.partition
