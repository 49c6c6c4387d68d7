-- Who holds one coupon, in slot order, and which order uses it.
-- Parameters: coupon id text, after this slot int (0 from the first), limit bigint.
-- Result: as read-held-coupons has it.

select i.coupon_id, i.slot, i.user_id, i.claim_id, i.code, i.partition, i.log_offset,
       i.appended_at_ms, c.name, (c.terms - 'audience')::text, u.order_id,
       exists (
         select from coupons.revocations r
          where r.coupon_id = i.coupon_id and r.user_id = i.user_id and r.to_slot is not null
       ) or exists (
         select from coupons.revocations r
          where r.coupon_id = i.coupon_id and r.user_id is null and r.to_slot >= i.slot
       ),
       (o.row -> 'reserved' ->> 'until')::bigint
  from coupons.issued_coupons i
  join coupons.coupons c on c.coupon_id = i.coupon_id
  left join coupons.uses u on u.user_id = i.user_id and u.coupon_id = i.coupon_id
  left join coupons.orders o on o.order_id = u.order_id
 where i.coupon_id = $1 and i.slot > $2
 order by i.slot
 limit $3
