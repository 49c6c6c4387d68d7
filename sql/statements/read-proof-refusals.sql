-- Why nobody may go on.
-- Parameters: none.
-- Result: the reasons.

select reason from proof.refusals order by reason
