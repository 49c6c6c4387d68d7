// What a long log costs: the start of a service whose log holds a million claims, and the audit of
// them. The log is written directly, as the service would have written it; the rows are derived by
// the service itself, before anything is timed.

import { randomUUIDv7 } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/adapters/clock-system.ts'
import { openLogFile } from '../../src/adapters/log-file/log-file.ts'
import { claimsTopic, encodeMessage } from '../../src/domain/coupons/messages.ts'
import { embeddedTopics } from '../../src/main/roles/topics.ts'
import type { LogEntry } from '../../src/ports/log.ts'
import { run } from './child-process.ts'
import type { Cores } from './machine.ts'
import { benchSecret, startService } from './service.ts'

export type LongLog = { claims: number; startSeconds: number; auditSeconds: number }

const couponsOfLog = 10
const claimsPerAppend = 5_000
const binary = fileURLToPath(import.meta.resolve('../../bin/firstcome.js'))

export async function measureLongLog(
  directory: string,
  { claims, cores }: { claims: number; cores: Cores | null },
): Promise<LongLog> {
  await writeLog(directory, claims)
  const first = await startService(directory, cores)
  await first.applied(claims + couponsOfLog)
  await first.stop()
  const startedAt = performance.now()
  const second = await startService(directory, cores)
  const startSeconds = (performance.now() - startedAt) / 1000
  const { seconds } = await run({
    args: [binary, 'audit', '--json', '--data', directory],
    cores: cores?.all,
    env: { FIRSTCOME_JWT_SECRET: benchSecret },
  })
  await second.stop()
  return { claims, startSeconds, auditSeconds: seconds }
}

/** Every claim wins: the most that a fold must keep, and the most rows to compare. */
async function writeLog(directory: string, claims: number): Promise<void> {
  const log = await openLogFile({ directory, topics: embeddedTopics, clock: systemClock() })
  await log.append(
    claimsTopic,
    Array.from({ length: couponsOfLog }, (_, n) => created(n, claims)),
  )
  for (let at = 0; at < claims; at += claimsPerAppend) {
    const count = Math.min(claimsPerAppend, claims - at)
    await log.append(
      claimsTopic,
      Array.from({ length: count }, (_, n) => claimed(at + n)),
    )
  }
  await log.close()
}

function created(n: number, quantity: number): LogEntry {
  const couponId = idOf(n)
  const value = encodeMessage({
    type: 'coupon.created',
    couponId,
    terms: { name: 'A coupon of the benchmark', quantity },
    rules: 1,
    by: 'bench',
    commandId: randomUUIDv7(),
  })
  return { key: couponId, value }
}

function claimed(n: number): LogEntry {
  const couponId = idOf(n % couponsOfLog)
  const claimId = randomUUIDv7()
  const value = encodeMessage({ type: 'coupon.claimed', couponId, userId: `user-${n}`, claimId })
  return { key: couponId, value }
}

function idOf(n: number): string {
  return `long-${n}`
}
