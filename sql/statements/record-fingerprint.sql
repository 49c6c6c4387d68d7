-- Remembers by what a secret is known again. The first one stays.
-- Parameters: name text, fingerprint text.
-- Result: one row inserted; none: one was there already.

insert into firstcome.fingerprints (name, fingerprint)
values ($1, $2)
on conflict (name) do nothing
