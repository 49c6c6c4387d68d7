-- Orders and redemptions of a user that the order process has met, the newest first.
-- Parameters: user text, limit bigint, only those placed before this order text (null: from the
-- newest).
-- Result: state (JSON text).

select state::text
  from orders.orders
 where user_id = $1
   and status <> 'awaited'
   and ($3::text is null or (placed_at_ms, order_id) < (
     select b.placed_at_ms, b.order_id from orders.orders b where b.order_id = $3
   ))
 order by placed_at_ms desc, order_id desc
 limit $2
