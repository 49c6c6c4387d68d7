-- The revokes of issued coupons, each with who commanded it, when and why. Which coupons are
-- revoked follows from these rows alone: however many one takes, it writes one row.

create table coupons.revocations (
  coupon_id text collate "C" not null,
  command_id text collate "C" not null,
  partition int not null,
  log_offset bigint not null,
  appended_at_ms bigint not null,
  commanded_by text not null,
  reason text not null,
  -- Null: of all who had won before.
  user_id text collate "C",
  -- Among these slots, both included, are all that it took and no other had taken before.
  -- Null: there was none.
  from_slot int,
  to_slot int,

  constraint one_per_revoke primary key (coupon_id, command_id),
  -- Also finds those of a range of the log, whose events are published.
  constraint one_per_revoke_record unique (partition, log_offset),
  constraint slots_in_order check ((from_slot is null) = (to_slot is null) and
    from_slot between 1 and to_slot)
);
-- Whether one issued coupon is revoked: by its user, or by a slot of those of all.
create index revocations_that_took on coupons.revocations (coupon_id, user_id, to_slot)
  where to_slot is not null;
