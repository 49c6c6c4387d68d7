-- The coupons that waiting orders want to use: as lock-issued-coupons has it, also so that it is
-- planned once, but locking nothing.
-- Parameters, one array element for each coupon: coupon ids text[], user ids text[], partitions
-- int[]; the issuer's name as a reader text, and its topic text.
-- Result: coupon_id, user_id, slot and appended_at_ms of the claim (null: not issued), terms
-- without the audience (JSON text, or null), next_offset, and dropped_offset.

select w.coupon_id, w.user_id, r.slot, r.appended_at_ms,
       (select (c.terms - 'audience')::text
          from coupons.coupons c
         where c.coupon_id = r.coupon_id),
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
  ) as r on true
  left join coupons.positions p on p.reader = $4 and p.topic = $5 and p.partition = w.partition
