-- Asks whoever runs a run of a kind to end it.
-- Parameters: kind text, ms of silence after which a run is not under way bigint.
-- Result: one row changed; none: none is under way.

update nodes.runs
   set end_asked = true
 where kind = $1 and running_id is not null
   and beat_at >= now() - $2::bigint * interval '1 millisecond'
