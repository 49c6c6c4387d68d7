-- How many coupons that a revoke took nobody had spent when it was applied: what its operator is
-- told, however often it is asked. Counted anew where the rows are made anew.

alter table coupons.revocations add column unspent int not null default 0;
