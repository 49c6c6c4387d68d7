-- Stores dead letters that are met for the first time. What has no row cannot be locked, so two
-- may meet it at once: the second waits here for the first, and inserts nothing.
-- Parameters, one array element for each letter, in id order: ids text[], consumers text[],
-- statuses text[], letters text[] (JSON).
-- Result: as many rows as dead letters; fewer, where another was first.

insert into dead_letters.letters (id, consumer, status, letter)
select id, consumer, status, letter::jsonb
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as n (id, consumer, status, letter)
on conflict (id) do nothing
