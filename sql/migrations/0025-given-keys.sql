-- What Idempotency-Keys were given for, from the moment somebody asks with one at any API node: two
-- that ask for different things at once meet here before either record is written. It is logged:
-- a crash of PostgreSQL must not free a key whose record nobody has read yet.

create table nodes.given_keys (
  -- With whose it is, and for which call.
  key text collate "C" primary key,
  given_for text collate "C" not null,
  -- How many asked for that, but those that certainly came to nothing. At 0 the key is free.
  takers int not null,
  given_at timestamptz not null,

  constraint takers_not_negative check (takers >= 0)
);
-- For those whose day is over: they are looked for with every key.
create index given_keys_by_age on nodes.given_keys (given_at);
