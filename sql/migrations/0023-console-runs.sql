-- Rehearsals and audits that were started from the console, for the consoles of all nodes: of each
-- kind the one that is under way, and the last one with its report.

create table nodes.runs (
  kind text collate "C" not null,
  -- Null: none is under way.
  running_id text collate "C",
  -- JSON, as are the others.
  running text,
  -- When its node said last that it goes on, by the clock of the database.
  beat_at timestamptz not null,
  end_asked boolean not null,
  last text,
  report text,

  constraint one_per_kind primary key (kind),
  constraint kind_known check (kind in ('rehearsal', 'audit'))
);
