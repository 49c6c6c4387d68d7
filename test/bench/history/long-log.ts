// What a long log costs: the start of a service whose log holds many claims, and the audit of them
// beside it. The log is written directly, as the service would have written it; the rows are
// derived by the service itself, before anything is timed.

import { randomUUIDv7 } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openLogFile } from '../../../src/adapters/log-file/log-file.ts'
import { claimsTopic, encodeMessage } from '../../../src/domain/coupons/messages.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import type { LogEntry } from '../../../src/ports/log.ts'
import { runWithPeak } from '../child-process.ts'
import type { Cores } from '../machine.ts'
import { benchSecret, type Service, startService } from '../service.ts'

/** Infinite and false: it did not get so far. */
export type LongLog = {
  claims: number
  startSeconds: number
  served: boolean
  auditSeconds: number
  auditMegabytes: number
  failed: string | null
}
export type LongLogOptions = {
  claims: number
  cores: Cores | null
  /** Of every process; absent: as Node has it. */
  heapMegabytes?: number | undefined
}

export const couponsOfLog = 10
const claimsPerAppend = 5_000
const rowsWaitMsMax = 20 * 60_000
const proofLookEveryMs = 100
const binary = fileURLToPath(import.meta.resolve('../../../bin/firstcome.js'))

export async function measureLongLog(directory: string, options: LongLogOptions): Promise<LongLog> {
  const { claims, cores, heapMegabytes } = options
  const nodeOptions = heapMegabytes && `--max-old-space-size=${heapMegabytes}`
  const env: Record<string, string> = nodeOptions ? { NODE_OPTIONS: nodeOptions } : {}
  const measured: LongLog = {
    claims,
    startSeconds: Number.POSITIVE_INFINITY,
    served: false,
    auditSeconds: Number.POSITIVE_INFINITY,
    auditMegabytes: Number.POSITIVE_INFINITY,
    failed: null,
  }
  await writeLog(directory, claims)
  let service: Service | null = null
  try {
    service = await startService(directory, cores, env)
    await service.applied(claims + couponsOfLog, rowsWaitMsMax)
    await proved(service, claims)
    await service.stop()
    const startedAt = performance.now()
    service = await startService(directory, cores, env)
    measured.startSeconds = (performance.now() - startedAt) / 1000
    await serveOne(service)
    measured.served = true
    const { seconds, megabytes } = await auditOf(directory, { cores: cores?.all, env })
    measured.auditSeconds = seconds
    measured.auditMegabytes = megabytes
    await service.stop()
  } catch (error) {
    measured.failed = error instanceof Error ? error.message : String(error)
    await service?.stop().catch(() => {})
  }
  return measured
}

/** Resolves once the proof of every coupon has its last claim, signed. */
async function proved({ url }: Service, claims: number): Promise<void> {
  const until = performance.now() + rowsWaitMsMax
  for (let n = 0; n < couponsOfLog; ) {
    const answer = await fetch(`${url}/coupons/${idOf(n)}/proof/checkpoint`)
    const [, size] = (await answer.text()).split('\n')
    // The first leaf is its creation.
    const leaves = 1 + Math.ceil((claims - n) / couponsOfLog)
    if (answer.status === 200 && Number(size) === leaves) n += 1
    else if (performance.now() > until) throw new Error('the proofs did not catch up')
    else await new Promise((resolve) => setTimeout(resolve, proofLookEveryMs))
  }
}

/** Beside the service that owns the directory. */
export function auditOf(
  directory: string,
  { cores, env }: { cores: string | undefined; env: Record<string, string> },
): Promise<{ seconds: number; megabytes: number }> {
  const args = [binary, 'audit', '--json', '--data', directory]
  return runWithPeak({ args, cores, env: { FIRSTCOME_JWT_SECRET: benchSecret, ...env } })
}

async function serveOne(service: Service): Promise<void> {
  await service.createCoupons([{ couponId: 'served', quantity: 10 }])
  const users = { prefix: 'served-', count: 1 }
  const load = { once: true, expectedStatus: 201, paths: ['/coupons/served/claims'], users }
  await service.load(load)
  await service.issued()
}

/** Every claim wins: the most that a fold must keep, and the most rows to compare. */
export async function writeLog(directory: string, claims: number): Promise<void> {
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
