-- The proof that everybody may read: of each coupon its leaves, the hashes above them, and what was
-- published of its tree. All but the checkpoints follows from the claims log.
-- Hashes are standard base64, as the calls answer them.

create schema proof;

-- How far its consumer has read the claims log.
create table proof.positions (
  partition int primary key,
  -- The first offset that is not applied yet.
  next_offset bigint not null
);

create table proof.trees (
  coupon_id text collate "C" primary key,
  partition int not null,
  size bigint not null,
  -- Of the last leaf: times of leaves never go back.
  at_ms bigint not null,
  -- The complete subtrees from the left, the largest first, with a space between.
  subtrees text not null
);

-- Leaves as one batch has made them: a row for each would cost more than the rest of the proof.
create table proof.entries (
  coupon_id text collate "C" not null,
  first_n bigint not null,
  -- One a line, without a line end behind the last.
  leaves text not null,
  -- The first 48 bits of the `who` of each claim in it.
  whos bigint[] not null,

  primary key (coupon_id, first_n)
);
-- Compressing them would cost more processor than the disk is worth.
alter table proof.entries alter column leaves set storage external;
-- Finds the claims of one user. What waits to be sorted in is kept short: it is sorted in by
-- whoever inserts, and everybody waits meanwhile.
create index entries_by_who on proof.entries using gin (whos) with (gin_pending_list_limit = 256);

-- The hashes of complete subtrees of 2^level leaves; those of small ones are made from the leaves.
create table proof.nodes (
  coupon_id text collate "C" not null,
  level int not null,
  index bigint not null,
  hash text not null,

  primary key (coupon_id, level, index)
);

-- What was published binds for ever: nothing deletes from here, also where all else is dropped.
create table proof.checkpoints (
  coupon_id text collate "C" not null,
  size bigint not null,
  -- The id of the key under the prefix of the origins.
  signer text collate "C" not null,
  partition int not null,
  -- As it is served.
  note text not null,

  primary key (coupon_id, size, signer)
);

-- Why nobody may go on: what was published is not what the log makes.
create table proof.refusals (
  reason text collate "C" primary key
);
