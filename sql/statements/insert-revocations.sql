-- Notes revokes, each with how many of those that it took nobody has spent. What a redemption has
-- merely reserved is not spent. One that is there already fires a constraint.
-- Parameters, one array element for each, in the order of the log: coupon ids text[], command ids
-- text[], partitions int[], log offsets bigint[], appended_at_ms bigint[], commanded by text[],
-- reasons text[], user ids text[] (null: of all), from slots int[], to slots int[] (null: none).
-- Result: as many rows as revokes.

insert into coupons.revocations (
  coupon_id, command_id, partition, log_offset, appended_at_ms,
  commanded_by, reason, user_id, from_slot, to_slot, unspent
)
with given as (
  select *
    from unnest(
      $1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[],
      $6::text[], $7::text[], $8::text[], $9::int[], $10::int[]
    ) as n (
      coupon_id, command_id, partition, log_offset, appended_at_ms,
      commanded_by, reason, user_id, from_slot, to_slot
    )
), single as (
  select coupon_id, log_offset, user_id, to_slot from given
  union all
  select coupon_id, log_offset, user_id, to_slot
    from coupons.revocations
   where coupon_id = any($1)
)
select g.coupon_id, g.command_id, g.partition, g.log_offset, g.appended_at_ms,
       g.commanded_by, g.reason, g.user_id, g.from_slot, g.to_slot,
       case
         when g.to_slot is null then 0
         when g.user_id is not null then 1 - (
           select count(*)
             from coupons.uses u
             left join coupons.orders o on o.order_id = u.order_id
            where u.user_id = g.user_id and u.coupon_id = g.coupon_id
              and not coalesce(o.row ? 'reserved', false)
         )
         else (
           select count(*)
             from coupons.issued_coupons i
             left join coupons.uses u on u.user_id = i.user_id and u.coupon_id = i.coupon_id
             left join coupons.orders o on o.order_id = u.order_id
            where i.coupon_id = g.coupon_id and i.slot between g.from_slot and g.to_slot
              and (u.order_id is null or coalesce(o.row ? 'reserved', false))
              and not exists (
                select
                  from single s
                 where s.coupon_id = g.coupon_id and s.user_id is not null
                   and s.to_slot = i.slot and s.log_offset < g.log_offset
              )
         )
       end
  from given g
