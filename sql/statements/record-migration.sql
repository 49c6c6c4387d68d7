-- Remembers that a migration has run, in the transaction in which it ran.
-- Parameters: name text, sha256 text.
-- Result: one row inserted.

insert into firstcome.migrations (name, sha256) values ($1, $2)
