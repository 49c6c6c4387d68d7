// The event streams of consoles: the whole state first, then twice a second what has changed. Each
// is written once, and all are sent the same bytes. Whoever reads too slowly is dropped, and asks
// for the whole state when it is back, so that nobody’s slowness takes memory.

import { Readable } from 'node:stream'
import type { Coupon } from '../../domain/coupons/state.ts'
import { visibleStatus } from '../../domain/coupons/view.ts'
import { formatInstant } from '../../domain/time.ts'
import { type Clock, every } from '../../ports/clock.ts'
import type { ClaimService } from '../claims/claim-answers.ts'
import type { Figures } from './figures.ts'
import type { Second } from './seconds.ts'
import type { Session } from './sessions.ts'

export type StreamsParts = {
  clock: Clock
  claims: Pick<ClaimService, 'coupons' | 'logTime' | 'readiness' | 'degraded'>
  figures: Figures
  /** undefined: there is none. */
  gateIsHere?: (() => boolean) | undefined
  streamsMax: number
}

/** Also the heartbeat. */
export const streamEveryMs = 500
/** What may wait for a reader beside its whole state: a minute of a busy sale. */
const waitingBytesMax = 256 * 1024
/** Read at once from the fold. */
const couponsAtOnce = 1_000
/** A token is taken so long after its end. */
const endToleranceMs = 5_000

type Reader = { body: Readable; session: Session; stateBytes: number }

export class Streams {
  private readonly parts: StreamsParts
  private readonly readers = new Set<Reader>()
  /** The coupons as they were said last. */
  private shown = new Map<string, string>()
  private lastTold: Second | undefined
  /** The whole state, for all who come before the next change is told. */
  private state: Buffer | null = null
  private stop: (() => void) | null = null
  private isClosed = false

  constructor(parts: StreamsParts) {
    this.parts = parts
  }

  /** null: as many are open as may be. */
  open(session: Session): Readable | null {
    const { readers, parts } = this
    if (this.isClosed || readers.size >= parts.streamsMax) return null
    const state = this.state ?? this.wholeState()
    this.state = state
    this.stop ??= every(parts.clock, streamEveryMs, () => this.tellChanges())
    const body = new Readable({ read() {}, highWaterMark: waitingBytesMax })
    const reader = { body, session, stateBytes: state.length }
    readers.add(reader)
    body.once('close', () => {
      readers.delete(reader)
      if (readers.size === 0) this.rest()
    })
    body.push(state)
    return body
  }

  size(): number {
    return this.readers.size
  }

  close(): void {
    this.isClosed = true
    this.rest()
    for (const { body } of this.readers) body.push(null)
  }

  private rest(): void {
    this.stop?.()
    this.stop = null
    this.state = null
  }

  private wholeState(): Buffer {
    const { claims, figures } = this.parts
    const coupons = [...linesNow(claims).values()]
    if (this.readers.size === 0) {
      this.shown = new Map(coupons.map((line) => [line.couponId, JSON.stringify(line)]))
    }
    return eventOf('state', { ...this.around(), coupons, seconds: figures.seconds() })
  }

  private tellChanges(): void {
    this.state = null
    const coupons: CouponLine[] = []
    for (const [couponId, line] of linesNow(this.parts.claims)) {
      const text = JSON.stringify(line)
      if (this.shown.get(couponId) === text) continue
      this.shown.set(couponId, text)
      coupons.push(line)
    }
    const last = this.parts.figures.seconds().at(-1)
    const isNew = last !== undefined && last !== this.lastTold
    this.lastTold = last
    const event = eventOf('change', { ...this.around(), coupons, seconds: isNew ? [last] : [] })
    for (const reader of this.readers) this.send(reader, event)
  }

  private send({ body, session, stateBytes }: Reader, event: Buffer): void {
    if (this.parts.clock.now() >= session.endsAt + endToleranceMs) body.push(null)
    else if (body.readableLength > waitingBytesMax + stateBytes) body.destroy()
    else body.push(event)
  }

  private around() {
    const { claims, clock, figures, gateIsHere } = this.parts
    const { ready, reasons } = claims.readiness()
    const logTime = claims.logTime()
    return {
      now: formatInstant(logTime),
      gate: gateIsHere === undefined ? 'none' : gateIsHere() ? 'here' : 'away',
      log: [...(ready ? [] : reasons), ...(claims.degraded?.() ?? [])],
      clockDifferenceMs: Math.round(clock.now() - logTime),
      ...figures.around(),
    }
  }
}

type CouponLine = ReturnType<typeof lineOf>

function linesNow(claims: StreamsParts['claims']): Map<string, CouponLine> {
  const now = claims.logTime()
  const lines = new Map<string, CouponLine>()
  let after: string | undefined
  for (;;) {
    const page = claims.coupons({ limit: couponsAtOnce, ...(after === undefined ? {} : { after }) })
    for (const coupon of page) lines.set(coupon.couponId, lineOf(coupon, now))
    after = page.at(-1)?.couponId
    if (page.length < couponsAtOnce) return lines
  }
}

function lineOf(coupon: Coupon, now: number) {
  const { couponId, name, quantity, opensAt, closesAt, winners, lastAct } = coupon
  return {
    couponId,
    name,
    quantity,
    issued: winners.size,
    remaining: Math.max(0, quantity - winners.size),
    status: visibleStatus(coupon, now),
    opensAt: formatInstant(opensAt),
    closesAt: Number.isFinite(closesAt) ? formatInstant(closesAt) : null,
    lastAct,
  }
}

function eventOf(name: 'state' | 'change', data: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}
