-- The coupons that orders want, and how far the issuer is where they were won, in one statement:
-- a rebuild is seen whole or not at all. Locked in one order: of two orders for a coupon the second
-- waits, and steps never in a circle. Whoever revokes changes what is offered, and comes before or
-- after. Each row is looked for by its key, and the plan is made once (docs/decisions/0083).
-- Parameters, by coupon: ids text[], user ids text[], partitions int[]; the issuer as a reader
-- text, and its topic text. Result: coupon_id, user_id, slot and appended_at_ms of the claim (null:
-- not issued), terms without the audience (JSON, or null), next_offset, and dropped_offset.

select w.coupon_id, w.user_id, r.slot, r.appended_at_ms,
       (o.terms - 'audience')::text,
       p.next_offset, p.dropped_offset
  from (
    select distinct
           unnest($1::text[]) collate "C" as coupon_id,
           unnest($2::text[]) collate "C" as user_id,
           unnest($3::int[]) + 0 as partition
     order by 1, 2
  ) as w
  left join lateral (
    select i.coupon_id, i.slot, i.appended_at_ms
      from coupons.issued_coupons i
     where i.user_id = w.user_id and i.coupon_id = w.coupon_id
       for no key update
  ) as r on true
  left join lateral (
    select c.terms
      from coupons.coupons c
     where c.coupon_id = r.coupon_id
       for share
  ) as o on true
  left join coupons.positions p on p.reader = $4 and p.topic = $5 and p.partition = w.partition
