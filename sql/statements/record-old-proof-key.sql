-- Keeps the key that has signed until now.
-- Parameters: id text, name text, key text, until (ms) bigint.
-- Result: the number of rows inserted; 0: it was replaced before.

insert into proof.old_keys (id, name, key, until_ms)
values ($1, $2, $3, $4)
on conflict (id) do nothing
