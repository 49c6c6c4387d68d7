-- The rows that hold leaves from one number on, up to another.
-- Parameters: coupon id text, from bigint, to bigint (not included).
-- Result: first number, leaves as lines.

select first_n, leaves
  from proof.entries
 where coupon_id = $1
   and first_n < $3
   and first_n >= coalesce((
     select max(first_n) from proof.entries where coupon_id = $1 and first_n <= $2
   ), 0)
 order by first_n
