// Why a rehearsal cannot go on, and what it leaves behind.

/** What is left at the service, one line each; empty where nothing was made. */
export type Left = readonly string[]

export class RehearsalError extends Error {
  readonly code: 'unreachable' | 'refused' | 'unconfirmed' | 'interrupted'
  readonly retryable: boolean
  left: Left = []

  constructor(code: RehearsalError['code'], message: string) {
    super(message)
    this.name = 'RehearsalError'
    this.code = code
    this.retryable = code === 'unreachable'
  }
}
