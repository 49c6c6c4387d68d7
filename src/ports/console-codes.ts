// Codes by which a browser signs in to the console: each is good once, for a minute, at every node.

import type { Instant } from './clock.ts'

/** Whom a code signs in, until when (ms UTC). */
export type ConsoleGrant = { userId: string; scope: ConsoleScope; endsAt: Instant }
export type ConsoleScope = 'operator' | 'viewer'

/** Each call rejects with a PortError while what keeps the codes is away. */
export type ConsoleCodes = {
  /** For `ms`. */
  keep(code: string, grant: ConsoleGrant, ms: number): Promise<void>
  /** What the code stands for, for the first who asks; null: it is over, or never was. */
  take(code: string): Promise<ConsoleGrant | null>
  close(): void
}
