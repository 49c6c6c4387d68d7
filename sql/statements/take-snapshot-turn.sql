-- Lets one writing begin, unless another one is at work: it has the turn as long as it goes on
-- writing pieces.
-- Parameters: release text, writing text, ms without a piece after which it is over bigint.
-- Changes one row where it may begin, else none.

insert into nodes.snapshot_writers (release, writing, until)
values ($1, $2, now() + $3::bigint * interval '1 millisecond')
on conflict (release) do update
   set writing = excluded.writing,
       until = excluded.until
 where snapshot_writers.until <= now()
