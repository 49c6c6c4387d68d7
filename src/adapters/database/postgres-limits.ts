// How much is asked of a PostgreSQL server, and how long it is waited for. Each has its reason.

export const postgresLimits = {
  /** Each is a process of the server, which has 100 by default for all clients together. */
  connectionsMax: 8,
  /** Callers that wait for a connection; far more than one process has at work at once. */
  waitingMax: 10_000,
  /** Whoever asks over HTTP has given up by then. */
  waitMsMax: 5_000,
  /** Across an ocean and with TLS it takes less than one second. */
  connectMsMax: 5_000,
  /** The largest batch takes a tenth of a second; what takes a hundred times as long hangs. */
  statementMsMax: 10_000,
  /** Rows are locked by other owners of a partition, for the length of one batch. */
  lockMsMax: 5_000,
  /** An owner that was stopped within a transaction keeps the next one waiting for so long. */
  idleInTransactionMsMax: 5_000,
  /** How long a connection is silent before the other end is asked whether it is still there. */
  keepAliveMs: 15_000,
}
export type PostgresLimits = Readonly<typeof postgresLimits>

/** For `migrate`: building an index over millions of rows takes minutes. */
export const postgresMigrationLimits: Partial<PostgresLimits> = {
  connectionsMax: 1,
  statementMsMax: 30 * 60_000,
  lockMsMax: 60_000,
}
