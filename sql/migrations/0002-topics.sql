-- The topics of the distributed profile, as they were when `firstcome migrate` created them. A
-- topic that was created again has lost its records, and one with more partitions sends a coupon's
-- claims elsewhere: each role compares at its start and refuses both.

create table firstcome.topics (
  topic text collate "C" primary key,
  -- Given by the broker; another one means another topic of the same name.
  topic_id text not null,
  partitions int not null,
  -- As they were asked for: a single replica is wrong unless somebody wanted it.
  replicas int not null,
  min_in_sync_replicas int not null,
  recorded_at timestamptz not null default now(),

  constraint at_least_one check (partitions >= 1 and replicas >= 1 and min_in_sync_replicas >= 1)
);
