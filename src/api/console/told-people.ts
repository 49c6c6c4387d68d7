// How many different people were told sold out, of each coupon since it was last restocked: the
// smallest hashes of their user ids. Those of several nodes are put together without counting
// anybody twice; as long as not all places are taken the count is exact, and then it is estimated,
// within about 3 %. Whoever is told so while all places are taken costs one comparison.

import type { ToldHashes } from '../../ports/console-figures.ts'

/** Up to here the count is exact. */
export const countedMax = 1_024
/** More at once are not worth what their reports weigh: 8 kB each. */
export const couponsCountedMax = 8
/** Of one hash, in a report. */
const bytes = 6
const hashEnd = 2 ** (8 * bytes)

export type PeopleCount = { people: number; isExact: boolean }
/** A coupon as it is now; undefined: there is none any more for which this matters. */
export type QuantityOf = (couponId: string) => number | undefined

export class ToldPeople {
  private readonly coupons = new Map<string, Told>()

  /** `quantity`: of the coupon of which this user was told so. */
  add(couponId: string, quantity: number, userId: string): void {
    let told = this.coupons.get(couponId)
    if (told === undefined || told.quantity !== quantity) {
      told = new Told(quantity)
      this.coupons.delete(couponId)
      this.coupons.set(couponId, told)
      const [oldest] = this.coupons.keys()
      if (oldest !== undefined && this.coupons.size > couponsCountedMax) this.coupons.delete(oldest)
    }
    told.smallest.add(hashOf(userId))
  }

  /** For the other nodes. What is of an earlier quantity, or of no coupon, is forgotten. */
  report(quantityOf: QuantityOf): Record<string, ToldHashes> {
    for (const [couponId, { quantity }] of this.coupons) {
      if (quantityOf(couponId) !== quantity) this.coupons.delete(couponId)
    }
    return Object.fromEntries([...this.coupons].map(([couponId, told]) => [couponId, told.text()]))
  }

  /** By this node and by the others, as they have reported it. */
  count(couponId: string, quantity: number, others: readonly ToldHashes[]): PeopleCount {
    const all = new Smallest()
    const own = this.coupons.get(couponId)
    if (own?.quantity === quantity) for (const hash of own.smallest.values()) all.add(hash)
    for (const other of others) {
      if (other.quantity === quantity) for (const hash of hashesIn(other)) all.add(hash)
    }
    return all.count()
  }
}

class Told {
  readonly smallest = new Smallest()
  readonly quantity: number
  private written: ToldHashes

  constructor(quantity: number) {
    this.quantity = quantity
    this.written = { quantity, hashes: '' }
  }

  /** Written anew only where something is new. */
  text(): ToldHashes {
    if (this.smallest.isNew) {
      const hashes = this.smallest.values()
      const buffer = Buffer.alloc(bytes * hashes.length)
      hashes.forEach((hash, n) => buffer.writeUIntBE(hash, n * bytes, bytes))
      this.written = { quantity: this.quantity, hashes: buffer.toString('base64') }
      this.smallest.isNew = false
    }
    return this.written
  }
}

/** Different numbers, in order: of more than fit, the smallest. */
class Smallest {
  /** Since it was last asked. */
  isNew = false
  private readonly kept = new Float64Array(countedMax)
  private size = 0

  add(hash: number): void {
    const { kept, size } = this
    const isFull = size === countedMax
    if (isFull && hash >= (kept[size - 1] ?? 0)) return
    const at = placeOf(hash, kept, size)
    if (at < size && kept[at] === hash) return
    if (!isFull) this.size = size + 1
    kept.copyWithin(at + 1, at, this.size - 1)
    kept[at] = hash
    this.isNew = true
  }

  values(): Float64Array {
    return this.kept.subarray(0, this.size)
  }

  /** Of evenly spread numbers the largest that is kept says how near they stand to each other. */
  count(): PeopleCount {
    const { size, kept } = this
    if (size < countedMax) return { people: size, isExact: true }
    const last = kept[size - 1] ?? hashEnd
    return { people: Math.round(((size - 1) / last) * hashEnd), isExact: false }
  }
}

/** Of the first that is not smaller. */
function placeOf(hash: number, sorted: Float64Array, size: number): number {
  let [from, to] = [0, size]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] ?? 0) < hash) from = middle + 1
    else to = middle
  }
  return from
}

function hashesIn({ hashes }: ToldHashes): number[] {
  const buffer = Buffer.from(hashes, 'base64')
  const count = Math.floor(buffer.length / bytes)
  return Array.from({ length: count }, (_, n) => buffer.readUIntBE(n * bytes, bytes))
}

/** 48 bits, of two mixed sums over the same characters. */
export function hashOf(text: string): number {
  let [one, other] = [0x9e3779b9, 0x41c6ce57]
  for (let n = 0; n < text.length; n += 1) {
    const code = text.charCodeAt(n)
    one = Math.imul(one ^ code, 0x85ebca6b)
    other = Math.imul(other ^ code, 0xc2b2ae35)
  }
  one = Math.imul(one ^ (one >>> 16), 0x21f0aaad) ^ Math.imul(other ^ (other >>> 13), 0x735a2d97)
  other = Math.imul(other ^ (other >>> 16), 0x21f0aaad) ^ Math.imul(one ^ (one >>> 13), 0x735a2d97)
  return ((other >>> 0) & 0xffff) * 2 ** 32 + (one >>> 0)
}
