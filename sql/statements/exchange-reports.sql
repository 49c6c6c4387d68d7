-- Stores the report of one API node, forgets those that nobody asks about any more, and gives
-- those of the others.
-- Parameters: node text, report text, ms after which a report is forgotten bigint.
-- Result: node, ms since it began bigint, ms since it reported bigint, report.

with own as (
  insert into nodes.reports (node, started_at, reported_at, report)
  values ($1, now(), now(), $2)
  on conflict (node) do update
     set reported_at = excluded.reported_at,
         report = excluded.report
), forgotten as (
  delete from nodes.reports
   where reported_at < now() - $3::bigint * interval '1 millisecond'
     and node <> $1
)
select node,
       (extract(epoch from now() - started_at) * 1000)::bigint,
       (extract(epoch from now() - reported_at) * 1000)::bigint,
       report
  from nodes.reports
 where node <> $1
   and reported_at >= now() - $3::bigint * interval '1 millisecond'
 order by node
