// With what every call of a rehearsal is made, so that calls of one kind can have a file of their
// own.

import type { Attempt } from '../client/http-client.ts'
import type { Reply } from './attempts.ts'

type Sent = { idempotencyKey?: string; body?: object }
/** With what every call is made. */
export type CallsOver = {
  get(path: string, token?: string): Promise<Attempt>
  post(path: string, token: string, sent?: Sent): Promise<Attempt>
  /** Asks at the Location of a pending answer. */
  poll<Answer>(
    replyTo: (attempt: Attempt) => Reply<Answer>,
  ): (location: string, token: string) => Promise<Reply<Answer>>
  operatorToken: string
}
