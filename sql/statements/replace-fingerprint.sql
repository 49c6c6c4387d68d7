-- Remembers another one from now on.
-- Parameters: name text, fingerprint text.
-- Result: the number of rows changed, 1 where one was remembered.

update firstcome.fingerprints set fingerprint = $2 where name = $1
