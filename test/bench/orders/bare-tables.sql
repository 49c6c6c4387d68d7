-- What the bare transactions of an order need, and no more: plain tables with their keys. The
-- variables are set by whoever runs it.

create table products (
  product_id text collate "C" primary key,
  price bigint not null,
  available bigint not null check (available >= 0)
);
create table issued_coupons (
  coupon_id text collate "C",
  user_id text collate "C",
  primary key (coupon_id, user_id)
);
create table balances (
  user_id text collate "C" primary key,
  balance bigint not null check (balance >= 0)
);
create table orders (
  order_id text collate "C" primary key,
  user_id text collate "C" not null,
  status text not null,
  total bigint
);
create table coupon_uses (
  coupon_id text collate "C",
  user_id text collate "C",
  order_id text collate "C" not null unique,
  primary key (coupon_id, user_id)
);
create table holds (
  order_id text collate "C" primary key,
  product_id text collate "C" not null,
  quantity bigint not null
);
create table charges (
  order_id text collate "C" primary key,
  user_id text collate "C" not null,
  amount bigint not null
);
