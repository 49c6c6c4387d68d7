-- Waits until no other process migrates, until the end of this transaction. Without it, two
-- processes that start together would both create the same tables, and one would fail.
-- Parameters: none. The key is 'firstcom' in ASCII.
-- Result: one row.

select pg_advisory_xact_lock(7379555304622747501)::text
