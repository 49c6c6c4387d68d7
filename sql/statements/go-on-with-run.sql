-- Says that a run goes on, and how far it is.
-- Parameters: kind text, run id text, run text (JSON).
-- Result: one row, whether somebody has asked for its end; none: it is another one's turn.

update nodes.runs
   set running = $3, beat_at = now()
 where kind = $1 and running_id = $2
returning end_asked
