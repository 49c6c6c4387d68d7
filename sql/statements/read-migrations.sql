-- Which migrations have run, in order.
-- Parameters: none.
-- Result: name, sha256.

select name, sha256 from firstcome.migrations order by name
