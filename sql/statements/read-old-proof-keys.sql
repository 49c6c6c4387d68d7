-- The keys that have signed before, the last one first.
-- Parameters: none.
-- Result: id, name, key, until (ms).

select id, name, key, until_ms from proof.old_keys order by until_ms desc, id
