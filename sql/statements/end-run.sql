-- Keeps a run that has ended in place of the one before.
-- Parameters: kind text, run id text, run text (JSON), report text.
-- Result: one row changed; none: it is another one's turn.

update nodes.runs
   set running_id = null, running = null, last = $3, report = $4
 where kind = $1 and running_id = $2
