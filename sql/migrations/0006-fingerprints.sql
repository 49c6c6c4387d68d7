-- By what a log and a secret are known again. A position alone does not tell one log from another
-- that is as long: an older copy that has grown since, or the log of another service.

-- Of the record before next_offset; null: not known, the position was written before this.
alter table coupons.positions add column fingerprint text;
alter table coupons.consumer_positions add column fingerprint text;
alter table stock.consumer_positions add column fingerprint text;
alter table payments.consumer_positions add column fingerprint text;
alter table orders.consumer_positions add column fingerprint text;
alter table dead_letters.consumer_positions add column fingerprint text;

-- Of the secrets that rows were made with, by the name of the secret.
create table firstcome.fingerprints (
  name text collate "C" primary key,
  fingerprint text not null,
  recorded_at timestamptz not null default now()
);
