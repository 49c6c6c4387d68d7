-- Positions and coupons as of one moment: one statement, because a second one would see what was
-- committed in between.
-- Parameters: reader text, topic text.
-- Result: next_offset, published_offset, generation with the table's number, which is another one
-- where a dump was restored (all null for a coupon), then the columns of read-coupons.sql but the
-- last (of a position only the partition).

select next_offset, published_offset, generation::text || '/' || tableoid::text,
       null as coupon_id, partition, null::bigint as rules,
       null as status, null::boolean as paused, null::int as quantity,
       null::bigint as opens_at_ms, null as name, null::bigint as last_act_offset,
       null::bigint as closes_at_ms,
       null as terms, null as commands, null as revocations
  from coupons.positions
 where reader = $1 and topic = $2
 union all
select null, null, null, coupon_id, partition, rules,
       status, paused, quantity,
       opens_at_ms, name, last_act_offset, closes_at_ms, terms::text, commands::text,
       (select json_agg(json_build_array(r.command_id, r.log_offset, r.appended_at_ms,
                                         r.commanded_by, r.reason, r.user_id, r.from_slot,
                                         r.to_slot) order by r.log_offset)::text
          from coupons.revocations r
         where r.coupon_id = c.coupon_id)
  from coupons.coupons c
 order by coupon_id nulls first, partition
