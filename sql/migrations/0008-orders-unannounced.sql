-- The word for what may have to be said, or said again, is the same in all schemas of orders. A
-- row of a step that waits has said nothing yet.

alter table stock.orders rename column open to unannounced;
alter table coupons.orders rename column open to unannounced;
alter table payments.orders rename column open to unannounced;
alter index stock.stock_open_only rename to stock_unannounced_only;
alter index coupons.coupons_open_only rename to coupons_unannounced_only;
alter index payments.payments_open_only rename to payments_unannounced_only;
