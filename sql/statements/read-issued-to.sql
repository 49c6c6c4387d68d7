-- Who of some users has won, and how far the rows are, as of one moment: a user without a row has
-- not won only where the position is beyond every claim that has.
-- Parameters, one array element for each question: coupon ids text[], user ids text[]; reader text,
-- topic text.
-- Result: next_offset (null for a winner), partition, then of a winner coupon_id, user_id, slot,
-- claim_id, log_offset, appended_at_ms.

select p.next_offset, p.partition, null as coupon_id, null as user_id, null::int as slot,
       null as claim_id, null::bigint as log_offset, null::bigint as appended_at_ms
  from coupons.positions p
 where p.reader = $3 and p.topic = $4
 union all
select null, r.partition, r.coupon_id, r.user_id, r.slot, r.claim_id, r.log_offset,
       r.appended_at_ms
  from unnest($1::text[], $2::text[]) as wanted (coupon_id, user_id)
  cross join lateral (
    select i.partition, i.coupon_id, i.user_id, i.slot, i.claim_id, i.log_offset, i.appended_at_ms
      from coupons.issued_coupons i
     where i.user_id = wanted.user_id and i.coupon_id = wanted.coupon_id
  ) as r
