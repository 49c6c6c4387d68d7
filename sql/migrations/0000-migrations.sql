-- Which migrations have run. Run again at every migrate, so it must stay repeatable.
-- The checksum shows an edit of a migration that has already run somewhere.

create schema if not exists firstcome;

create table if not exists firstcome.migrations (
  name text collate "C" primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
