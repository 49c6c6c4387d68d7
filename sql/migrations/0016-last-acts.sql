-- Where the last act that was done to a coupon stands in the claims log: an act that expects a
-- state is done only on that one. Null: of a version that did not write it; the log says it.

alter table coupons.coupons add column last_act_offset bigint;
