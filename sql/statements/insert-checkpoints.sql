-- What is published from now on. The same again, with a signature more at its end (of a witness),
-- gets that signature, and is no change otherwise.
-- Parameters, one array element for each: coupon ids text[], sizes bigint[], signers text[],
-- partitions int[], notes text[].
-- Result: those that are new or have a signature more.

insert into proof.checkpoints (coupon_id, size, signer, partition, note)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::text[])
on conflict (coupon_id, size, signer) do update
   set note = checkpoints.note || substring(excluded.note from '[^\n]+\n$')
 where split_part(checkpoints.note, e'\n\n', 1) = split_part(excluded.note, e'\n\n', 1)
   and strpos(checkpoints.note, substring(excluded.note from '[^\n]+\n$')) = 0
