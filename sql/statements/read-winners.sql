-- Winners of some coupons, of each the slots after the one given for it, up to a page. By ranges
-- of slots instead of a limit: without statistics, which PGlite never gathers, a limit lets the
-- planner sort all the rest of a coupon for every page.
-- Parameters: coupon ids text[], after slots int[], page int.
-- Result: coupon_id, slot, user_id, claim_id, log_offset, appended_at_ms; of each coupon in slot
-- order.

select i.coupon_id, i.slot, i.user_id, i.claim_id, i.log_offset, i.appended_at_ms
  from unnest($1::text[], $2::int[]) as wanted (coupon_id, after_slot)
  join coupons.issued_coupons i
    on i.coupon_id = wanted.coupon_id
   and i.slot > wanted.after_slot
   and i.slot <= wanted.after_slot + $3::int
 order by i.slot
