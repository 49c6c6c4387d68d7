// The codes of all winners, derived once each, while the log is still being replayed, perhaps in
// other threads; rows and events are then held against them. Kept as bytes: a line for each winner,
// all of a coupon of one length.

import type { Coupon, Issued } from '../../domain/coupons/state.ts'

/** Some winners of one coupon whose slots are neighbours, from `firstSlot` on. */
export type CodesWanted = {
  couponId: string
  rules: number
  firstSlot: number
  claimIds: string[]
}
/** Resolves to their codes, by run, one a line. */
export type DeriveCodes = (wanted: readonly CodesWanted[]) => Promise<string[]>

export type WinnerCodes = {
  /** Who wins, in slot order. */
  add(coupon: Coupon, issued: Issued): void
  /** Waits where too many are being derived. */
  keepUp(): Promise<void>
  /** Derives the last ones, and waits for all. */
  end(): Promise<void>
  /** Of these slots, one a line; after `end`. */
  of(couponId: string, firstSlot: number, lastSlot?: number): string
  /** Whether this one was added. */
  has(couponId: string, slot: number): boolean
  /** Of those that were not; they are not kept. */
  derive: DeriveCodes
}

/** A few milliseconds of work, so that calls between threads cost little beside it. */
const codesAtOnce = 4_096
/** Some megabytes of claim ids. */
const batchesAtOnceMax = 16

type Lines = { bytes: Buffer; lineBytes: number; firstSlot: number }

export function createWinnerCodes(derive: DeriveCodes): WinnerCodes {
  const known = new Map<string, Lines>()
  const underWay = new Set<Promise<void>>()
  let wanted = new Map<string, CodesWanted>()
  let count = 0
  let failed: { error: unknown } | null = null

  function send(): void {
    const runs = [...wanted.values()]
    wanted = new Map()
    count = 0
    const derived = derive(runs)
      .then((texts) => {
        for (const [n, run] of runs.entries()) keep(known, run, texts[n] ?? '')
      })
      .catch((error: unknown) => {
        failed = { error }
      })
      .finally(() => underWay.delete(derived))
    underWay.add(derived)
  }

  async function wait(): Promise<void> {
    await Promise.race(underWay)
    if (failed !== null) throw failed.error
  }

  return {
    add({ couponId, rules }, { slot, claimId }) {
      if (!known.has(couponId)) known.set(couponId, { ...noLines, firstSlot: slot })
      const run = wanted.get(couponId)
      if (run === undefined) {
        wanted.set(couponId, { couponId, rules, firstSlot: slot, claimIds: [claimId] })
      } else run.claimIds.push(claimId)
      count += 1
      if (count >= codesAtOnce) send()
    },
    async keepUp() {
      while (underWay.size >= batchesAtOnceMax) await wait()
    },
    async end() {
      if (count > 0) send()
      while (underWay.size > 0) await wait()
      if (failed !== null) throw failed.error
    },
    of(couponId, firstSlot, lastSlot = firstSlot) {
      const { bytes, lineBytes, firstSlot: zero } = known.get(couponId) ?? noLines
      if (firstSlot < zero) return ''
      const [from, to] = [firstSlot - zero, lastSlot - zero + 1]
      return bytes.toString('latin1', from * lineBytes, to * lineBytes - 1)
    },
    has: (couponId, slot) => slot >= (known.get(couponId)?.firstSlot ?? Number.POSITIVE_INFINITY),
    derive,
  }
}

const noLines: Lines = { bytes: Buffer.alloc(0), lineBytes: 1, firstSlot: 1 }

function keep(known: Map<string, Lines>, run: CodesWanted, text: string): void {
  const { couponId, firstSlot, claimIds } = run
  const lineBytes = (text.length + 1) / claimIds.length
  const lines = known.get(couponId) ?? { ...noLines }
  lines.lineBytes = lineBytes
  const start = (firstSlot - lines.firstSlot) * lineBytes
  const end = start + claimIds.length * lineBytes
  if (end > lines.bytes.length) {
    const bytes = Buffer.alloc(start === 0 ? end : 2 * end)
    lines.bytes.copy(bytes)
    lines.bytes = bytes
  }
  lines.bytes.write(`${text}\n`, start, 'latin1')
}
