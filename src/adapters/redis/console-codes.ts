// Codes of the console in Redis, so that every node takes one that another has made. Kept under
// their hashes: who can read Redis cannot sign in by what is there.

import { hash } from 'node:crypto'
import { isObject } from '../../domain/field.ts'
import { type Clock, within } from '../../ports/clock.ts'
import type { ConsoleCodes, ConsoleGrant } from '../../ports/console-codes.ts'
import { PortError } from '../../ports/port-error.ts'
import { connectRedis, late, type RedisConnection, reasonOf } from './connection.ts'

/** A person waits, and is told to paste a token instead. */
const answerMsMax = 1_000

export function startConsoleCodesRedis(options: { url: string; clock: Clock }): ConsoleCodes {
  const nobodyAsks = { onReady: () => {}, onLost: () => {} }
  const connection = connectRedis({ ...options, ...nobodyAsks })
  const send = (...args: string[]) => answered(connection, options.clock, args)
  return {
    async keep(code, grant, ms) {
      await send('SET', keyOf(code), JSON.stringify(grant), 'PX', String(ms))
    },
    async take(code) {
      const text = await send('GETDEL', keyOf(code))
      const grant: unknown = typeof text === 'string' ? JSON.parse(text) : null
      return isObject(grant) ? (grant as ConsoleGrant) : null
    },
    close: () => connection.close(),
  }
}

async function answered(
  connection: RedisConnection,
  clock: Clock,
  args: readonly string[],
): Promise<unknown> {
  function away(cause: unknown): never {
    const message = `Redis at ${connection.address} is away: ${reasonOf(cause)}`
    throw new PortError('codes_unavailable', message, { cause, retryable: true })
  }
  const lateAnswer = () => {
    // It may have gone silent for good.
    connection.renew()
    return away(new Error(late))
  }
  const answer = connection.send(args).catch(away)
  return within({ clock, ms: answerMsMax, late: lateAnswer }, answer)
}

function keyOf(code: string): string {
  return `firstcome:console-code:${hash('sha256', code, 'base64url')}`
}
