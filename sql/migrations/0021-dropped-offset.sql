-- How far the issuer had come when its rows were dropped or lost: what was told by then of coupons
-- that are revoked holds while they are made anew. Not how far it had published, which is behind.

alter table coupons.positions
  add column dropped_offset bigint not null default 0,
  add constraint dropped_from_zero check (dropped_offset >= 0);
update coupons.positions set dropped_offset = notified_offset;
