-- What a session is like, and how it is to be: asked once on each connection, before anything else.
-- As startup parameters a pooler would refuse these; whoever is given a session sets it up.
-- $1 a name that no other session has; $2 to $4 time-outs in milliseconds: of a statement, for a
--    lock, and of a transaction in which nothing happens; $5 and $6 seconds: how long a connection
--    is silent before its other end is asked whether it is there, and between two such questions
-- result: the name that a session before has left (none where each client has its own), the
--    encoding of the database, and the version of the server as a number
select
  nullif(current_setting('firstcome.session', true), ''),
  current_setting('server_encoding'),
  current_setting('server_version_num')::int,
  set_config('firstcome.session', $1, false),
  set_config('statement_timeout', $2, false),
  set_config('lock_timeout', $3, false),
  set_config('idle_in_transaction_session_timeout', $4, false),
  set_config('tcp_keepalives_idle', $5, false),
  set_config('tcp_keepalives_interval', $6, false),
  set_config('tcp_keepalives_count', '3', false)
