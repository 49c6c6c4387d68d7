-- What one user holds, in coupon id order, and which order uses it.
-- Parameters: user id text, after this coupon id text ('' from the first), limit bigint, and a
-- coupon id text where only that one is asked for (null: all).
-- Result: coupon_id, slot, user_id, claim_id, code, partition, log_offset, appended_at_ms, name,
-- terms without the audience (JSON text), order_id (null: no order uses it), whether it is
-- revoked boolean, and until when that has merely reserved it, ms UTC (null: it has spent it).

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
 where i.user_id = $1 and i.coupon_id > $2 and ($4::text is null or i.coupon_id = $4)
 order by i.coupon_id
 limit $3
