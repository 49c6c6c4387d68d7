-- What API nodes keep of their fold of the claims log, so that a start reads only what came since.
-- One node at a time adds to it, and any of them begins from it. All of it follows from the log.

-- A part: the first of a release has everything, the next what has changed since.
create table nodes.snapshots (
  -- Of the program: what another one has folded is not used.
  release text collate "C" not null,
  -- Each is one more than that before it.
  number bigint not null,
  is_base boolean not null,
  -- How many records all parts up to this one stand for, from the start of the log.
  records bigint not null,
  -- Whose pieces are its bytes.
  writing text collate "C" not null,
  pieces int not null,
  -- SHA-256 over its bytes and the digest before, base64: also the last bytes of its last piece.
  digest text not null,
  written_at timestamptz not null,

  primary key (release, number)
);

-- Written one by one, each by itself, and before their part: without one they are half of it.
create table nodes.snapshot_pieces (
  writing text collate "C" not null,
  piece int not null,
  bytes bytea not null,

  primary key (writing, piece)
);
-- Ids and hashes: compressing them would cost more processor than the disk is worth.
alter table nodes.snapshot_pieces alter column bytes set storage external;

-- Who adds now. A node that has ended in between is waited for until its time is over.
create table nodes.snapshot_writers (
  release text collate "C" primary key,
  writing text collate "C" not null,
  until timestamptz not null
);
