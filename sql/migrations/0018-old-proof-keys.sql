-- The keys that have signed checkpoints before another one took their place: what they have signed
-- holds for ever. The one that signs now is among the fingerprints. One process keeps both beside
-- its log.

create table proof.old_keys (
  -- Under the prefix of the origins: the signer of its checkpoints.
  id text collate "C" primary key,
  -- The prefix of the origins it has signed.
  name text not null,
  -- The 32 bytes of the public key, standard base64.
  key text not null,
  -- When another one took its place, ms UTC.
  until_ms bigint not null
);
