-- Orders that a step can answer neither with yes nor with no for now wait in its own rows, and are
-- looked at again. `open`: the row waits, or what was decided while it waited may not be published
-- yet. A step reads the open ones when it starts; later it has them in memory.

alter table stock.orders add column open boolean not null default false;
alter table coupons.orders add column open boolean not null default false;
alter table payments.orders add column open boolean not null default false;

-- Few rows, however many orders have ended.
create index stock_open_only on stock.orders (order_id) where open;
create index coupons_open_only on coupons.orders (order_id) where open;
create index payments_open_only on payments.orders (order_id) where open;

-- A coupon that a confirmed order used is spent; one that a living order uses may become free.
update coupons.orders as used
   set row = used.row || '{"kept": true}'
  from orders.orders as ended
 where ended.order_id = used.order_id
   and ended.status = 'confirmed'
   and used.status = 'used';
