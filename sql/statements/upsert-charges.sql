-- Stores what the built-in provider did about orders, new or changed.
-- Parameters, one array element for each order, in id order: order ids text[], user ids text[],
-- status text[], amounts bigint[], reasons text[] (null: none), unsettled boolean[].
-- Result: as many rows as orders.

insert into payments.charges (order_id, user_id, status, amount, reason, unsettled)
select order_id, user_id, status, amount, reason, unsettled
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::boolean[])
    as n (order_id, user_id, status, amount, reason, unsettled)
on conflict (order_id) do update
   set status = excluded.status,
       amount = excluded.amount,
       reason = excluded.reason,
       unsettled = excluded.unsettled
