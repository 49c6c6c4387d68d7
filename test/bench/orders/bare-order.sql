-- One order as bare SQL, for pgbench: a transaction for each step, as consumers that know nothing
-- of each other need it, and the order's own three. Nothing here survives a redelivery or undoes
-- anything. Variables: n, which counts the orders of this client, and what `users_each` and
-- `first` say about whose they are.
\set n :n + 1
\set user :first + :client_id * :users_each + :n
\set product random(0, :products - 1)

insert into orders (order_id, user_id, status)
values ('order-' || :user::text, 'user-' || :user::text, 'placed');

begin;
select 1 from issued_coupons
 where coupon_id = 'sale' and user_id = 'user-' || :user::text for update;
insert into coupon_uses (coupon_id, user_id, order_id)
values ('sale', 'user-' || :user::text, 'order-' || :user::text);
commit;

begin;
update products set available = available - 1
 where product_id = 'product-' || :product::text and available >= 1;
insert into holds (order_id, product_id, quantity)
values ('order-' || :user::text, 'product-' || :product::text, 1);
commit;

update orders set status = 'due', total = 900 where order_id = 'order-' || :user::text;

begin;
update balances set balance = balance - 900
 where user_id = 'user-' || :user::text and balance >= 900;
insert into charges (order_id, user_id, amount)
values ('order-' || :user::text, 'user-' || :user::text, 900);
commit;

update orders set status = 'confirmed' where order_id = 'order-' || :user::text;
