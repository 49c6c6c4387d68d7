-- Coupons of rehearsals that were closed, and whose rows are gone: the first coupon of an id
-- counts, so who reads on in the log has to know that these were there.

create table coupons.ended_rehearsals (
  coupon_id text collate "C" not null,
  partition int not null,
  rules bigint not null,
  -- Nothing was done to it after it was closed, and nothing will be.
  last_act_offset bigint not null,
  terms jsonb not null,

  constraint one_per_ended_rehearsal primary key (coupon_id)
);
