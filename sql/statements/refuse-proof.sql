-- Remembers why nobody may go on.
-- Parameters: reason text.
-- Result: one row, or none where it stands there.

insert into proof.refusals (reason) values ($1) on conflict do nothing
