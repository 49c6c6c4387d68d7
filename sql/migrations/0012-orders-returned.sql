-- A confirmed order can be returned: returning while the steps give back what it had, and then
-- returned, for good.

alter table orders.orders drop constraint status_known;
alter table orders.orders add constraint status_known check (
  status in ('awaited', 'placed', 'due', 'confirmed', 'cancelled', 'returning', 'returned')
);
