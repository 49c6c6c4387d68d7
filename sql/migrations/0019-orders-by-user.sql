-- Who helps people finds a user's orders, the newest first. Redemptions are among them.

create index of_user on orders.orders (user_id, placed_at_ms, order_id) where user_id is not null;
