// What the service says after the storm: what everyone holds, how the coupon counts, and the rows
// of SQL, which come a moment later. A read that the service answers with an error is evidence
// against it, one that nobody answers ends it all.

import { sleep } from '../../ports/clock.ts'
import { readUntil } from '../attempts.ts'
import { doAll, type Run, share } from '../rehearsal.ts'
import { RehearsalError } from '../silence.ts'
import type { CouponSeen, CouponService, RowSeen } from './coupon-service.ts'
import type { Mine } from './sale-evidence.ts'

export type Reading = { service: CouponService; couponId: string }

const rowsPollMs = 50

/** By index of the user. */
export async function readMine(
  run: Run,
  { service, couponId, tokens }: Reading & { tokens: readonly string[] },
): Promise<Mine[]> {
  const { clock, limits } = run
  const all: Mine[] = []
  const everyone = { title: 'Asking everyone what they have', items: tokens }
  await doAll(run, everyone, async (token, user) => {
    const msMax = limits.readMsMax
    const mine = await readUntil({ clock, msMax }, () => service.mine(couponId, token))
    all[user] = mine.ok ? mine.value : { kind: 'unknown', reason: mine.reason }
  })
  return all
}

export async function readCoupon(
  { clock, limits }: Run,
  { service, couponId }: Reading,
): Promise<CouponSeen> {
  const read = await readUntil({ clock, msMax: limits.readMsMax }, () => service.coupon(couponId))
  if (read.ok) return read.value
  throw new RehearsalError('refused', `the coupon ${couponId} cannot be read: ${read.reason}`)
}

/** All rows of the coupon, as soon as there are `expected`, or what is there in the end. */
export async function readRows(
  run: Run,
  reading: Reading & { expected: number },
): Promise<RowSeen[] | { missing: string }> {
  const rows: RowSeen[] = []
  const line = () => `Waiting for the rows in SQL: ${share(rows.length, reading.expected)}`
  const missing = await run.progress.during(line, fillRows(run, reading, rows))
  return missing ?? rows
}

async function fillRows(
  { clock, limits }: Run,
  { service, couponId, expected }: Reading & { expected: number },
  rows: RowSeen[],
): Promise<{ missing: string } | null> {
  const deadline = clock.now() + limits.rowsMsMax
  for (;;) {
    const after = rows.at(-1)?.slot ?? 0
    const read = await service.issuedRows(couponId, after)
    if (read.ok) {
      for (const row of read.value.rows) rows.push(row)
      const last = rows.at(-1)?.slot ?? 0
      if (read.value.more && last > after) continue
      if (rows.length >= expected || last >= expected) return null
    }
    const isOver = clock.now() >= deadline
    if (!read.ok && (isOver || !read.again)) {
      return { missing: `the rows cannot be read: ${read.reason}` }
    }
    if (isOver) return null
    await sleep(clock, rowsPollMs)
  }
}
