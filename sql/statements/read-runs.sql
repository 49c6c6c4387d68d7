-- The run of a kind that is under way, and the last one that has ended.
-- Parameters: kind text, ms of silence after which a run is not under way bigint.
-- Result: at most one row: running, last (JSON texts; null: there is none).

select case when beat_at >= now() - $2::bigint * interval '1 millisecond' then running end, last
  from nodes.runs
 where kind = $1
