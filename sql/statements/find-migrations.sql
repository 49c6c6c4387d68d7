-- Whether anything was ever migrated here; asking for its table would fail where it is not there.
-- Parameters: none.
-- Result: one row: the name of the table, or null.

select to_regclass('firstcome.migrations')::text
