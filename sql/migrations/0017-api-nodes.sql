-- What each API node has counted, for the console of every node. Written anew every second by its
-- own node; nothing is lost with it that the next second does not bring back, so it is unlogged.

create schema nodes;

create unlogged table nodes.reports (
  -- A run of a node; another run is another node.
  node text collate "C" primary key,
  started_at timestamptz not null,
  -- By the clock of the database, so that no node's clock decides who is gone.
  reported_at timestamptz not null,
  -- JSON, of the version that has written it.
  report text not null
);
