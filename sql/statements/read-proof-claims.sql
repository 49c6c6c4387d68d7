-- The leaves that have one `who`: its claims, and what else names it beside them.
-- Parameters: coupon id text, the number of its who bigint, the who text.
-- Result: number, leaf.
-- Two coupons hardly ever share such a number. So that nobody looks through all leaves of the
-- coupon for it, its id is compared in a way that no index serves.

select e.first_n + leaf.line - 1, leaf.text
  from proof.entries e,
       unnest(string_to_array(e.leaves, chr(10))) with ordinality as leaf (text, line)
 where e.whos @> array[$2::bigint] and e.coupon_id || '' = $1 and position($3 in leaf.text) > 0
 order by 1
