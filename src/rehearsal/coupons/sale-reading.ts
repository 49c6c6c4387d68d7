// What a service that was stormed is asked afterwards: the coupon, its rows, what everyone has and
// sees, and the events in the log. A read that it answers with an error is evidence against it.

import { sleep } from '../../ports/clock.ts'
import { PortError } from '../../ports/port-error.ts'
import { count, counted, share } from '../figures.ts'
import { doAll, type Run, see } from '../rehearsal.ts'
import { RehearsalError } from '../rehearsal-error.ts'
import type { CouponSeen, RowSeen } from '../service.ts'
import { stormSoFar } from '../storm.ts'
import { askedOf, type HeldSale, type SaleLedger, type SaleReport } from './sale.ts'
import { countOutcomes, finalAnswer, type SaleRead } from './sale-evidence.ts'
import { reconcileSale } from './sale-promises.ts'

const rowsPollMs = 50
const eventsPollMs = 250

/** What is known of a sale that was cut short. */
export function toldSale(run: Run, ledger: SaleLedger): SaleReport | null {
  const { clock, users } = run
  const { open } = ledger
  const storm = stormSoFar(ledger, clock)
  if (open === null || storm.entries.length === 0) return null
  const { plan, before } = open
  noteTaken(run, before, storm)
  const told = { users, asked: askedOf(plan), entries: storm.entries, before }
  const verdicts = reconcileSale({ ...told, after: null })
  return { plan, storm, before, arrivals: null, after: null, rowsAfterMs: null, verdicts }
}

/** What everyone holds and sees, how the coupon counts, its rows and its events. */
export async function readSale(
  run: Run,
  held: HeldSale,
  { spent }: Pick<SaleRead, 'spent'>,
): Promise<SaleReport> {
  const { clock, service, users } = run
  const { before, plan, storm, endedAt, arrivals } = held
  const { couponId } = before
  noteTaken(run, before, storm)
  const coupon = await see(run, () => service.coupon(couponId))
  if ('missing' in coupon) {
    const message = `the coupon ${couponId} cannot be read: ${coupon.missing}`
    throw new RehearsalError('refused', message)
  }
  const after = coupon.value
  const rows = await readRows(run, after)
  const rowsAfterMs = clock.monotonic() - endedAt
  const everyone = await readEveryone(run, held)
  const slots = everyone.mine.flatMap((mine) => (mine.kind === 'issued' ? [mine.slot] : []))
  const events = await readEvents(
    run,
    couponId,
    slots.filter((slot) => slot > before.issued),
  )
  const told = { users, asked: askedOf(plan), entries: storm.entries, before }
  const verdicts = reconcileSale({ ...told, after, rows, ...everyone, spent, events })
  return { plan, storm, before, arrivals, after, rowsAfterMs, verdicts }
}

/** What nobody can give back of a coupon that was there before. */
function noteTaken({ made }: Run, { couponId }: CouponSeen, { entries }: HeldSale['storm']): void {
  if (made.couponIds.length > 0) return
  const { issued } = countOutcomes(entries.map((entry) => finalAnswer(entry)))
  if (issued === 0) return
  const note = `${count(issued)} of ${couponId}, told to made-up users`
  if (!made.others.includes(note)) made.others.push(note)
}

async function readEveryone(
  run: Run,
  { tokens, before: { couponId } }: HeldSale,
): Promise<Pick<SaleRead, 'mine' | 'held'>> {
  const { service } = run
  const read: { mine: SaleRead['mine'][number][]; held: SaleRead['held'][number][] } = {
    mine: [],
    held: [],
  }
  const everyone = { title: 'Asking everyone what they have', items: tokens }
  await doAll(run, everyone, async (token, user) => {
    const mine = await see(run, () => service.mine(couponId, token))
    read.mine[user] = 'value' in mine ? mine.value : { kind: 'unknown', reason: mine.missing }
    read.held[user] = await see(run, () => service.coupons(token))
  })
  return read
}

/** As soon as every win was published, or what was in the end. */
async function readEvents(
  { clock, limits, progress, events }: Run,
  couponId: string,
  slots: readonly number[],
): Promise<SaleRead['events']> {
  if (typeof events === 'string') return { notJudged: events }
  const deadline = clock.monotonic() + limits.eventsMsMax
  const source = events
  async function read(): Promise<SaleRead['events']> {
    for (;;) {
      const seen = await source.of(couponId)
      if (seen === null) return { notJudged: 'the log that is here is another service’s' }
      const published = new Set(seen.map(({ slot }) => slot))
      const isWhole = slots.every((slot) => published.has(slot))
      if (isWhole || clock.monotonic() >= deadline) return seen
      await sleep(clock, eventsPollMs)
    }
  }
  const all = `Waiting for ${counted(slots.length, 'event')}`
  return progress
    .during(() => all, read())
    .catch((error: unknown) => {
      if (!(error instanceof PortError)) throw error
      return { missing: `the events cannot be read: ${error.message}` }
    })
}

/** All rows of the coupon, as soon as all are there, or what is there in the end. */
async function readRows(
  { clock, limits, service, progress }: Run,
  { couponId, issued }: CouponSeen,
): Promise<SaleRead['rows']> {
  const rows: RowSeen[] = []
  const deadline = clock.monotonic() + limits.rowsMsMax
  async function fill(): Promise<SaleRead['rows']> {
    for (;;) {
      const after = rows.at(-1)?.slot ?? 0
      const read = await service.issuedRows(couponId, after)
      if (read.ok) {
        for (const row of read.value.rows) rows.push(row)
        const last = rows.at(-1)?.slot ?? 0
        if (read.value.more && last > after) continue
        if (rows.length >= issued || last >= issued) return rows
      }
      const isOver = clock.monotonic() >= deadline
      if (!read.ok && (isOver || !read.again)) {
        return { missing: `the rows cannot be read: ${read.reason}` }
      }
      if (isOver) return rows
      await sleep(clock, rowsPollMs)
    }
  }
  const line = () => `Waiting for the rows in SQL: ${share(rows.length, issued)}`
  return progress.during(line, fill())
}
