-- How far events had been published when the rows were dropped to be derived anew (`firstcome
-- rebuild`). Their records win the same rows again, and nobody is told of them twice. A column of
-- its own, because published_offset never runs ahead of next_offset.

alter table coupons.positions
  add column told_offset bigint not null default 0,
  add constraint told_from_zero check (told_offset >= 0);
