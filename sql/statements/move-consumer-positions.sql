-- Moves positions that are locked, and counts what became of the records.
-- Parameters, one array element for each position: topics text[], partitions int[], next bigint[],
-- published bigint[], tries int[], and to be added: applied bigint[], dropped bigint[],
-- postponed bigint[], buried bigint[], passed by bigint[]. Fingerprints text[], of
-- the records before next: they stay where next does.
-- Result: as many rows as positions.

update {schema}.consumer_positions p
   set next_offset = m.next_offset,
       published_offset = m.published_offset,
       tries = m.tries,
       fingerprint =
         case when m.next_offset = p.next_offset then p.fingerprint else m.fingerprint end,
       applied = p.applied + m.applied,
       dropped = p.dropped + m.dropped,
       postponed = p.postponed + m.postponed,
       buried = p.buried + m.buried,
       passed_by = p.passed_by + m.passed_by
  from unnest(
    $1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::int[],
    $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::text[]
  ) as m (
    topic, partition, next_offset, published_offset, tries,
    applied, dropped, postponed, buried, passed_by,
    fingerprint
  )
 where p.topic = m.topic and p.partition = m.partition
