// How much is asked of a PostgreSQL server, and how long it is waited for. Each has its reason.

export type PostgresLimits = {
  /** Each is a process of the server, which has 100 by default for all clients together. */
  connectionsMax: number
  /** Callers that wait for a connection; far more than one process has at work at once. */
  waitingMax: number
  /** Whoever asks over HTTP has given up by then. */
  waitMsMax: number
  /** Across an ocean and with TLS it takes less than one second. */
  connectMsMax: number
  /** The largest batch takes a tenth of a second; what takes a hundred times as long hangs. */
  statementMsMax: number
  /** Rows are locked by other owners of a partition, for the length of one batch. */
  lockMsMax: number
  /** An owner that was stopped within a transaction keeps the next one waiting for so long. */
  idleInTransactionMsMax: number
  /** How long a connection is silent before the other end is asked whether it is still there. */
  keepAliveMs: number
}

export const postgresLimits: Readonly<PostgresLimits> = {
  connectionsMax: 8,
  waitingMax: 10_000,
  waitMsMax: 5_000,
  connectMsMax: 5_000,
  statementMsMax: 10_000,
  lockMsMax: 5_000,
  idleInTransactionMsMax: 5_000,
  keepAliveMs: 15_000,
}

/** For `migrate`: building an index over millions of rows takes minutes. */
export const postgresMigrationLimits: Partial<PostgresLimits> = {
  connectionsMax: 1,
  statementMsMax: 30 * 60_000,
  lockMsMax: 60_000,
}
