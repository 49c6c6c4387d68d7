-- The field's word for what 0003 added: how far others had been notified before a rebuild. Values
-- stay as they are.

alter table coupons.positions rename column told_offset to notified_offset;
alter table coupons.positions rename constraint told_from_zero to notified_from_zero;
