-- Drops every row that can be derived from the claims log. Readers wait until it is done.
-- Parameters: none.
-- Result: nothing.

truncate coupons.issued_coupons, coupons.coupons, coupons.revocations, coupons.ended_rehearsals
