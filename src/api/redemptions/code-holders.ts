// Who holds a code, from the rows. A winner may have been told it before there is a row, so it is
// waited for a while: all who wait share one query, or their looking would itself keep the rows
// away from a database that has one connection. Where the rows are further behind than that, nobody
// is told that a code is none.

import { readCode } from '../../domain/coupons/code-text.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { CouponReads, HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import { type Batcher, createBatcher } from '../batcher.ts'
import type { CodeGuesses } from './code-guesses.ts'

export type CodeHoldersParts = {
  clock: Clock
  /** null while SQL is not up. */
  store: () => Pick<CouponReads, 'byCode' | 'positions'> | null
  /** By partition, up to where this node has read the log, and so may have told codes. */
  readUpTo(): readonly number[] | undefined
}
/** What a shop may ask of codes. */
export type KnownCodes = { guesses: CodeGuesses; holders: CodeHolders }
type Look = PromiseWithResolvers<HeldCoupon[]> & { codes: readonly string[] }

/** The issuer is milliseconds behind as a rule; a code whose check is right is seldom unknown. */
const rowWaitMsMax = 1_500
const lookEveryMs = 20
/** Those that wake one after the other go together. */
const queriesApartMs = 5
/** Each with two codes at most: far below what one statement takes. */
const looksPerQueryMax = 500
const looksWaitingMax = 5_000

export class CodeHolders {
  private readonly parts: CodeHoldersParts
  private readonly looks: Batcher<Look>

  constructor(parts: CodeHoldersParts) {
    const { clock, store } = parts
    this.parts = parts
    this.looks = createBatcher<Look>({
      clock,
      perBatchMax: looksPerQueryMax,
      waitingMax: looksWaitingMax,
      everyMsMin: queriesApartMs,
      send: (batch) => answerAll(store(), batch),
    })
  }

  /** Null: nobody's. Rejects with a PortError where SQL is away, or its rows are late. */
  async find(text: string): Promise<HeldCoupon | null> {
    const codes = readCode(text)
    if (codes.length === 0) return null
    const { clock, readUpTo } = this.parts
    const read = readUpTo() ?? []
    const until = clock.monotonic() + rowWaitMsMax
    for (;;) {
      const [held] = await this.look(codes)
      if (held !== undefined) return held
      if (clock.monotonic() >= until) break
      await sleep(clock, lookEveryMs)
    }
    await this.refuseLateRows(read)
    return null
  }

  /** The row of a coupon whose code is known; undefined: there is none yet. */
  async row({
    couponId,
    code,
  }: {
    couponId: string
    code: string
  }): Promise<HeldCoupon | undefined> {
    const held = await this.look([code])
    return held.find((one) => one.couponId === couponId)
  }

  /** What was won before the question has its row, or nobody can say whose a code is. */
  private async refuseLateRows(read: readonly number[]): Promise<void> {
    const rows = await this.parts.store()?.positions()
    const isLate = (upTo: number, partition: number) => (rows?.get(partition)?.next ?? 0) < upTo
    if (read.some(isLate)) throw storeAway('the rows are behind the log')
  }

  private look(codes: readonly string[]): Promise<HeldCoupon[]> {
    const look = { codes, ...Promise.withResolvers<HeldCoupon[]>() }
    if (!this.looks.add(look)) look.reject(storeAway(`${looksWaitingMax} codes wait already`))
    return look.promise
  }
}

async function answerAll(
  reads: Pick<CouponReads, 'byCode'> | null,
  batch: readonly Look[],
): Promise<void> {
  try {
    if (reads === null) throw storeAway('the database is starting')
    const found = await reads.byCode([...new Set(batch.flatMap(({ codes }) => codes))])
    const byCode = Map.groupBy(found, ({ code }) => code)
    for (const { codes, resolve } of batch) {
      resolve(codes.flatMap((code) => byCode.get(code) ?? []))
    }
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

function storeAway(message: string): PortError {
  return new PortError('store_unavailable', message, { retryable: true })
}
