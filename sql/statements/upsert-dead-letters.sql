-- Stores dead letters, new or changed.
-- Parameters, one array element for each letter, in id order: ids text[], consumers text[],
-- statuses text[], letters text[] (JSON).
-- Result: as many rows as letters.

insert into dead_letters.letters (id, consumer, status, letter)
select id, consumer, status, letter::jsonb
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as n (id, consumer, status, letter)
on conflict (id) do update
   set status = excluded.status,
       letter = excluded.letter
