-- What the consumers of orders keep, a schema for each: coupons (shared with the issuer), stock,
-- payments, orders and dead_letters. Nobody reads another's, but for the auditor and the API.
-- Each has the same three kinds of tables: consumer_positions, orders (what this consumer knows
-- of each order) and commands (what operators asked for, and what became of it).
-- Times are milliseconds since 1970 UTC; money is whole minor units.

create schema stock;
create schema payments;
create schema orders;
create schema dead_letters;

-- Where a consumer stands in each topic that it reads, and what became of every record before.
create table orders.consumer_positions (
  topic text collate "C" not null,
  partition int not null,
  -- The first offset that is not applied yet.
  next_offset bigint not null,
  -- The first offset of which not all that followed may have been published yet.
  published_offset bigint not null,
  -- How often a start has taken the record at next_offset without getting past it.
  tries int not null,
  applied bigint not null,
  dropped bigint not null,
  postponed bigint not null,
  buried bigint not null,
  -- Records of a retry topic that are meant for another consumer.
  passed_by bigint not null,

  constraint one_per_partition primary key (topic, partition),
  constraint published_within_next check (published_offset between 0 and next_offset),
  constraint all_accounted_for
    check (applied + dropped + postponed + buried + passed_by = next_offset)
);
create table coupons.consumer_positions (like orders.consumer_positions including all);
create table stock.consumer_positions (like orders.consumer_positions including all);
create table payments.consumer_positions (like orders.consumer_positions including all);
create table dead_letters.consumer_positions (like orders.consumer_positions including all);

-- The row of a step for each order. `row` is the whole of it; the status stands apart so that
-- people and checks can look for it.
create table stock.orders (
  order_id text collate "C" not null,
  status text not null,
  row jsonb not null,

  constraint one_per_order primary key (order_id)
);
create table coupons.orders (like stock.orders including all);
create table payments.orders (like stock.orders including all);

-- The order process's state of each order.
create table orders.orders (
  order_id text collate "C" not null,
  partition int not null,
  status text not null,
  -- Null while the order itself has not been met.
  user_id text collate "C",
  placed_at_ms bigint,
  deadline_ms bigint,
  -- Ended by the time, and perhaps not published yet.
  unannounced boolean not null,
  state jsonb not null,

  constraint one_per_order primary key (order_id),
  constraint status_known
    check (status in ('awaited', 'placed', 'due', 'confirmed', 'cancelled')),
  constraint met_with_its_content check (status = 'awaited' or
    (user_id is not null and placed_at_ms is not null and deadline_ms is not null))
);
-- The live ones by their deadline: few rows, however many orders have ended.
create index live_by_deadline on orders.orders (deadline_ms) where status in ('placed', 'due');
create index unannounced_only on orders.orders (order_id) where unannounced;

-- What operators asked for, and what became of it: who waits for an answer reads it here, and a
-- record that comes twice does nothing twice.
create table stock.commands (
  key text collate "C" not null,
  command_id text collate "C" not null,
  amount bigint,
  outcome text not null,

  constraint one_per_command primary key (key, command_id)
);
create table payments.commands (like stock.commands including all);
create table dead_letters.commands (like stock.commands including all);

create table stock.products (
  product_id text collate "C" not null,
  name text not null,
  price bigint not null,
  initial bigint not null,
  -- What it was created with and all that was added.
  supplied bigint not null,
  available bigint not null,
  held bigint not null,
  sold bigint not null,

  constraint one_per_product primary key (product_id),
  constraint none_below_zero check (available >= 0 and held >= 0 and sold >= 0),
  constraint adds_up check (available + held + sold = supplied)
);

-- Which order uses a coupon that a user holds. A coupon that was let go of has no row.
create table coupons.uses (
  coupon_id text collate "C" not null,
  user_id text collate "C" not null,
  order_id text collate "C" not null,

  constraint one_order_per_coupon primary key (user_id, coupon_id),
  constraint one_coupon_per_order unique (order_id)
);

create table payments.balances (
  user_id text collate "C" not null,
  balance bigint not null,

  constraint one_per_user primary key (user_id),
  constraint not_overdrawn check (balance >= 0)
);

-- What the built-in provider did about each order, for ever.
create table payments.charges (
  order_id text collate "C" not null,
  user_id text collate "C" not null,
  status text not null,
  -- Captured, or given back; 0 where nothing was.
  amount bigint not null,
  reason text,

  constraint one_per_order primary key (order_id),
  constraint status_known check (status in ('captured', 'refused', 'undone')),
  constraint amount_from_zero check (amount >= 0)
);

-- Records that could not be handled, what operators did about them, and who did it.
create table dead_letters.letters (
  id text collate "C" not null,
  consumer text collate "C" not null,
  status text not null,
  letter jsonb not null,

  constraint one_per_letter primary key (id),
  constraint status_known check (status in ('waiting', 'redriven', 'discarded'))
);
create index waiting_only on dead_letters.letters (id) where status = 'waiting';
