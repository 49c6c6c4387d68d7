-- What is another one once the rows of a partition were dropped, or lost, and are derived anew: an
-- audit that goes on from an earlier one has to know whether the rows are still those.

alter table coupons.positions add column generation uuid not null default gen_random_uuid();
