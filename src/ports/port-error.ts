// How operational failures arrive from every port. Anything else thrown is a programmer's error.

export const portErrorCodes = [
  'log_full', // the disk is full, or the queue before the log
  'log_unavailable', // cannot be reached now
  'log_failed', // a sync failed: nothing may be appended before a restart
  'log_damaged', // stored records cannot be read, or fewer are there than were acknowledged
  'store_unavailable', // the database cannot be reached now
  'keys_unavailable', // the keys of an identity provider cannot be had now
  'codes_unavailable', // the codes of the console cannot be had now
  'store_broken', // a constraint fired or the rows contradict the log: a second writer, or a bug
] as const
export type PortErrorCode = (typeof portErrorCodes)[number]

export class PortError extends Error {
  readonly code: PortErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Of an append: whether it is certain that nothing was stored. */
  readonly appended: 'no' | 'unknown'
  /** Of a database: a table, a column or a right is not as it must be, whatever is written. */
  readonly isOfTable: boolean

  constructor(code: PortErrorCode, message: string, options: PortErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'PortError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.appended = options.appended ?? 'unknown'
    this.isOfTable = options.isOfTable ?? false
  }
}
export type PortErrorOptions = {
  cause?: unknown
  retryable?: boolean
  appended?: 'no' | 'unknown'
  isOfTable?: boolean
}

/** What was thrown says, whatever it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
