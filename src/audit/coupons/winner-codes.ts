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
}

/** A few milliseconds of work, so that calls between threads cost little beside it. */
const codesAtOnce = 4_096
/** Some megabytes of claim ids. */
const batchesAtOnceMax = 16

type Lines = { bytes: Buffer; lineBytes: number }

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
      const { bytes, lineBytes } = known.get(couponId) ?? noLines
      return bytes.toString('latin1', (firstSlot - 1) * lineBytes, lastSlot * lineBytes - 1)
    },
  }
}

const noLines: Lines = { bytes: Buffer.alloc(0), lineBytes: 1 }

function keep(known: Map<string, Lines>, run: CodesWanted, text: string): void {
  const { couponId, firstSlot, claimIds } = run
  const lineBytes = (text.length + 1) / claimIds.length
  const lines = known.get(couponId) ?? { bytes: Buffer.alloc(0), lineBytes }
  known.set(couponId, lines)
  const end = (firstSlot - 1 + claimIds.length) * lineBytes
  if (end > lines.bytes.length) {
    const bytes = Buffer.alloc(firstSlot === 1 ? end : 2 * end)
    lines.bytes.copy(bytes)
    lines.bytes = bytes
  }
  lines.bytes.write(`${text}\n`, (firstSlot - 1) * lineBytes, 'latin1')
}
