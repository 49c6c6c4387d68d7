-- Money that the wallet has captured may come back as long as its order is not confirmed: who would
-- have enough with it is not refused before. Charges of before this stay settled, as they were
-- handled then.

alter table payments.charges add column unsettled boolean not null default false;

-- Few rows, however many orders were ever paid: read where a balance is not enough.
create index unsettled_only on payments.charges (user_id) where unsettled;
