// Unknown codes counted in Redis, for all nodes. No till has to wait for a Redis that is away: one
// that was late is not asked again for a while, and then by one call alone. Users are kept under
// their hashes, for who can read Redis needs no names.

import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Clock, type Moment, within } from '../../ports/clock.ts'
import type { GuessCount, GuessCounts } from '../../ports/guess-counts.ts'
import { connectRedis, type RedisConnection } from './connection.ts'

/** The longest (ms) that a till waits; a node that is busy itself reads answers late. */
const answerMsMax = 100
/** So long (ms) after a failure nobody asks. */
const awayMs = 1_000
/** A connection on which something is not answered for so long (ms) is given up. */
const silentMsMax = 2_000

const script = readFileSync(new URL('guess-counts.lua', import.meta.url), 'utf8')

export function startGuessCountsRedis(options: { url: string; clock: Clock }): GuessCounts {
  const nobodyAsks = { onReady: () => {}, onLost: () => {} }
  const counts = new RedisCounts(connectRedis({ ...options, ...nobodyAsks }), options.clock)
  return {
    async add(caller, ms) {
      return countIn(await counts.ask(['EVAL', script, '1', keyOf(caller), String(ms)]))
    },
    async look(caller) {
      const key = keyOf(caller)
      const both = await counts.ask(['GET', key], ['PTTL', key])
      return countIn(both)
    },
    close: () => counts.connection.close(),
  }
}

class RedisCounts {
  readonly connection: RedisConnection
  private readonly clock: Clock
  private askAgainAt: Moment | null = null
  private isWatched = false

  constructor(connection: RedisConnection, clock: Clock) {
    this.connection = connection
    this.clock = clock
  }

  /** The reply to one command, those to several; null: not in time. */
  async ask(...commands: readonly string[][]): Promise<unknown> {
    const { clock, connection } = this
    if (!connection.isReady()) return null
    if (this.askAgainAt !== null) {
      if (clock.monotonic() < this.askAgainAt) return null
      this.askAgainAt = clock.monotonic() + awayMs
    }
    const answers = Promise.all(commands.map((args) => connection.send(args))).catch(() => null)
    const isHere = await within({ clock, ms: answerMsMax, late: () => null }, answers)
    this.askAgainAt = isHere === null ? clock.monotonic() + awayMs : null
    if (isHere === null) void this.renewIfSilent(answers)
    return isHere?.length === 1 ? isHere[0] : isHere
  }

  private async renewIfSilent(answers: Promise<unknown>): Promise<void> {
    if (this.isWatched) return
    this.isWatched = true
    const late = () => this.connection.renew()
    await within({ clock: this.clock, ms: silentMsMax, late }, answers)
    this.isWatched = false
  }
}

/** Of a caller who has named none there is no count. */
function countIn(reply: unknown): GuessCount | null {
  if (!Array.isArray(reply)) return null
  const [unknown, leftMs] = reply.map(Number)
  return unknown === undefined || leftMs === undefined ? null : { unknown, leftMs }
}

function keyOf(caller: string): string {
  return `firstcome:code-guesses:${hash('sha256', caller, 'base64url')}`
}
