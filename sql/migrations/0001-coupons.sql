-- The projection of the claims log: coupons, who holds them, and how far it has been read.
-- Times are milliseconds since 1970 UTC, as in the log: the fold must get back exactly what it
-- stored. Ids compare by their bytes (collate "C"), as the services sort them.

create schema coupons;

-- The folded state of a coupon; its winners are the rows of issued_coupons.
create table coupons.coupons (
  coupon_id text collate "C" not null,
  partition int not null,
  rules bigint not null,
  status text not null,
  paused boolean not null,
  -- What was asked for at first plus every restock.
  quantity int not null,
  opens_at_ms bigint not null,
  -- Null: never closes by time.
  closes_at_ms bigint,
  -- As in coupon.created: {name, quantity, opensAt?, closesAt?, discount?}.
  terms jsonb not null,
  -- [[command id, added], …], so that a repeated command is known.
  commands jsonb not null,

  constraint one_per_coupon primary key (coupon_id),
  constraint status_known check (status in ('scheduled', 'open', 'closed')),
  constraint quantity_from_one check (quantity >= 1)
);

create table coupons.issued_coupons (
  coupon_id text collate "C" not null,
  slot int not null,
  user_id text collate "C" not null,
  claim_id text collate "C" not null,
  code text collate "C" not null,
  partition int not null,
  log_offset bigint not null,
  appended_at_ms bigint not null,

  constraint one_per_slot primary key (coupon_id, slot),
  -- One per user and coupon. The user comes first so that the same index finds what a user holds,
  -- in coupon id order: a second index would cost a third of the time of an insert.
  constraint one_per_user unique (user_id, coupon_id),
  -- One record wins at most once. Also finds the rows that a range of the log has won.
  constraint one_per_record unique (partition, log_offset),
  constraint slot_from_one check (slot >= 1)
);

-- How far each reader of a topic has come.
create table coupons.positions (
  reader text collate "C" not null,
  topic text collate "C" not null,
  partition int not null,
  -- The first offset that is not applied yet.
  next_offset bigint not null,
  -- The first offset whose events may not have been published yet.
  published_offset bigint not null,

  constraint one_per_partition primary key (reader, topic, partition),
  constraint published_within_next check (published_offset between 0 and next_offset)
);

-- The second line of defence behind the fold: no slot beyond the quantity of an existing coupon.
-- A check constraint cannot look at another table, and a foreign key or a trigger for each row
-- costs more than the insert. This runs once for each insert, however many rows it has, over one
-- row for each coupon in it: 3 % of the time of inserting 1,000 rows. It cannot race: a quantity
-- only ever grows, and rows are inserted in the transaction that has moved the position.
create function coupons.check_slots() returns trigger language plpgsql as $$
declare
  broken record;
begin
  select i.coupon_id, i.slot, c.quantity
    into broken
    from (select coupon_id, max(slot) as slot from inserted group by coupon_id) i
    left join coupons.coupons c using (coupon_id)
   where c.quantity is null or i.slot > c.quantity
   limit 1;
  if found then
    raise exception using
      errcode = 'check_violation',
      schema = 'coupons',
      table = 'issued_coupons',
      constraint = 'slot_within_quantity',
      message = format('slot %s of coupon %s is above its quantity %s',
        broken.slot, broken.coupon_id, coalesce(broken.quantity::text, '(no such coupon)'));
  end if;
  return null;
end
$$;

create trigger slot_within_quantity
  after insert on coupons.issued_coupons
  referencing new table as inserted
  for each statement execute function coupons.check_slots();
