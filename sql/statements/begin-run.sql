-- Begins a run, unless another one of its kind is under way: one whose node has said nothing for
-- too long is not.
-- Parameters: kind text, run id text, run text (JSON), ms of silence bigint.
-- Result: one row changed; none: another one is under way.

insert into nodes.runs as r (kind, running_id, running, beat_at, end_asked)
values ($1, $2, $3, now(), false)
on conflict (kind) do update
   set running_id = excluded.running_id,
       running = excluded.running,
       beat_at = excluded.beat_at,
       end_asked = false
 where r.running_id is null or r.beat_at < now() - $4::bigint * interval '1 millisecond'
