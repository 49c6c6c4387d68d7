-- How many coupons are issued. Reads every row: meant for commands, not for requests.
-- Parameters: none.
-- Result: one row: count.

select count(*) from coupons.issued_coupons
