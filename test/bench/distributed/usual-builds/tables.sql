-- The tables of the usual builds. Their coupons know how many there are and, where the database
-- counts, how many are gone.

create schema usual;

create table usual.coupons (
  coupon_id text primary key,
  quantity int not null,
  issued int not null default 0
);

-- B1 and B2.
create table usual.issued (
  id bigint generated always as identity primary key,
  coupon_id text not null,
  user_id text not null,
  slot int not null,
  issued_at timestamptz not null default now(),

  constraint one_per_user unique (coupon_id, user_id)
);

-- B3: Redis has counted already, so builds of this kind save what arrives, as it arrives. None of
-- those that were looked at has a unique constraint here.
create table usual.saved (
  id bigint generated always as identity primary key,
  coupon_id text not null,
  user_id text not null,
  slot int not null,
  issued_at timestamptz not null default now()
);
create index saved_by_user on usual.saved (coupon_id, user_id);
