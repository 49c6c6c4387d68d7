-- Drops the rows of rehearsals that are closed, once everything that came of them was published,
-- and keeps that they were there.
-- Parameters: reader text, topic text, partition int.
-- Result: one row for each that has ended.

with ended as (
  select c.coupon_id, c.partition, c.rules, c.last_act_offset, c.terms
    from coupons.coupons c
    join coupons.positions p
      on p.reader = $1 and p.topic = $2 and p.partition = c.partition
   where c.partition = $3 and c.status = 'closed' and c.terms ->> 'rehearsal' = 'true'
     and c.last_act_offset < p.published_offset
     and not exists (
       select from coupons.issued_coupons i
        where i.coupon_id = c.coupon_id and i.log_offset >= p.published_offset)
), kept as (
  insert into coupons.ended_rehearsals (coupon_id, partition, rules, last_act_offset, terms)
  select coupon_id, partition, rules, last_act_offset, terms from ended
), revoked as (
  delete from coupons.revocations where coupon_id in (select coupon_id from ended)
), issued as (
  delete from coupons.issued_coupons where coupon_id in (select coupon_id from ended)
)
delete from coupons.coupons where coupon_id in (select coupon_id from ended)
