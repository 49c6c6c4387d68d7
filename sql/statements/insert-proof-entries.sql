-- The leaves of a batch.
-- Parameters, one array element for each row: coupon ids text[], first numbers bigint[], leaves
-- text[] (lines), whos text[] (array literals of numbers).
-- Result: as many rows as given.

insert into proof.entries (coupon_id, first_n, leaves, whos)
select coupon_id, first_n, leaves, whos::bigint[]
  from unnest($1::text[], $2::bigint[], $3::text[], $4::text[])
       as given (coupon_id, first_n, leaves, whos)
