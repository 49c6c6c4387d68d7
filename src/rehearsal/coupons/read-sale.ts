// What the service says after the storm: what everyone holds, how the coupon counts, and the rows
// of SQL, which come a moment later. Reads are asked again while that may help; a read that the
// service answers with an error is evidence against it, one that nobody answers ends it all.

import type { Read } from '../../client/answers.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import { runClosedLoop } from '../scheduler.ts'
import { type Hearing, RehearsalError } from '../silence.ts'
import { mineOf, type Reply, type Service } from './coupon-service.ts'
import type { CouponSeen, Mine, RowSeen } from './sale-evidence.ts'
import { askAgainConcurrency } from './storm.ts'

export type ReadParts = { clock: Clock; service: Service; hearing: Hearing; limits: ReadLimits }
export type ReadLimits = {
  /** From the first to the last try of one read. */
  readMsMax: number
  /** For SQL to show what the log has decided. */
  rowsMsMax: number
}
export const readMsMax = 30_000
/** The first start makes the database anew, which takes a few seconds; rows come within ms. */
export const rowsMsMax = 60_000

const tryAgainMs = 250
const rowsPollMs = 50

/** `read` counts up to the number of tokens. */
export async function readMine(
  parts: ReadParts,
  plan: { couponId: string; tokens: readonly string[] },
  progress: { read: number },
): Promise<Mine[]> {
  const { couponId, tokens } = plan
  const all: Mine[] = []
  const loop = { asks: tokens.length, concurrency: askAgainConcurrency }
  await runClosedLoop(parts.clock, loop, async (user) => {
    const token = tokens[user] ?? ''
    const reply = await persist(parts, () => parts.service.mine(couponId, token), mayChange)
    all[user] = mineOf(reply)
    progress.read += 1
  })
  return all
}

export async function readCoupon(parts: ReadParts, couponId: string): Promise<CouponSeen> {
  const read = await persist(parts, () => parts.service.coupon(couponId), isWorthAgain)
  if (read.ok) return read.value
  throw new RehearsalError('refused', `the coupon ${couponId} cannot be read: ${read.reason}`)
}

/** All rows of the coupon, as soon as there are `expected`, or what is there in the end. */
export async function readRows(
  parts: ReadParts,
  plan: { couponId: string; expected: number },
  progress: { read: number },
): Promise<RowSeen[] | { missing: string }> {
  const { clock, service } = parts
  const deadline = clock.now() + parts.limits.rowsMsMax
  const rows: RowSeen[] = []
  for (;;) {
    const after = rows.at(-1)?.slot ?? 0
    const read = await service.issuedRows(plan.couponId, after)
    parts.hearing.note(read.ok ? null : read)
    if (!read.ok && !read.again) return { missing: `the rows cannot be read: ${read.reason}` }
    if (read.ok) {
      for (const row of read.value.rows) rows.push(row)
      progress.read = rows.length
      const last = rows.at(-1)?.slot ?? 0
      const moving = last > after
      if (read.value.more && moving) continue
      if (rows.length >= plan.expected || last >= plan.expected) return rows
    }
    if (clock.now() >= deadline) {
      return read.ok ? rows : { missing: `the rows cannot be read: ${read.reason}` }
    }
    await sleep(clock, rowsPollMs)
  }
}

/** Asks until the answer is not `again`, or for so long. */
async function persist<Answer extends Reply | Read<unknown>>(
  parts: ReadParts,
  send: () => Promise<Answer>,
  again: (answer: Answer) => boolean,
): Promise<Answer> {
  const { clock } = parts
  const deadline = clock.now() + parts.limits.readMsMax
  for (;;) {
    const answer = await send()
    parts.hearing.note('heard' in answer ? answer : null)
    if (!again(answer) || clock.now() >= deadline) return answer
    await sleep(clock, retryAfter(answer))
  }
}

function mayChange(reply: Reply): boolean {
  if (reply.kind === 'unknown') return !reply.heard
  return reply.kind === 'pending' || reply.kind === 'turned_away'
}

function isWorthAgain(read: Read<unknown>): boolean {
  return !read.ok && read.again
}

function retryAfter(answer: Reply | Read<unknown>): number {
  const named = 'retryAfterMs' in answer ? answer.retryAfterMs : null
  return named ?? tryAgainMs
}
