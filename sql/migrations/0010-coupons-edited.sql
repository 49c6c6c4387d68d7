-- The name of a coupon as it was edited last; its terms keep the one that it was created with.

alter table coupons.coupons add column name text;
update coupons.coupons set name = terms ->> 'name';
alter table coupons.coupons alter column name set not null;
