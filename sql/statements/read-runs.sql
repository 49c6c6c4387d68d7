-- The run of a kind that has not ended, and the last one that has.
-- Parameters: kind text, ms of silence after which a run is not under way bigint.
-- Result: at most one row: running, last (JSON texts; null: there is none), whether the running one
-- was heard of lately, when it was heard of last (ms UTC).

select running, last,
       beat_at >= now() - $2::bigint * interval '1 millisecond',
       (extract(epoch from beat_at) * 1000)::bigint
  from nodes.runs
 where kind = $1
