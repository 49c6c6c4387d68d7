-- A page of all wallets, in the order of their keys.
-- Parameters: after this key text ('' from the first), limit bigint.
-- Result: rows (JSON texts, one a line, a comma behind each but the last), of each whom it is about
-- and the last key (JSON texts), how many.

select string_agg(json, E',\n' order by user_id),
       json_agg(user_id order by user_id)::text,
       json_build_array(max(user_id), '')::text,
       count(*)::int
  from (
    select user_id, json_build_object('userId', user_id, 'balance', balance)::text as json
      from payments.balances
     where user_id > $1
     order by user_id
     limit $2
  ) page
