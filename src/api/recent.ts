// Values by their keys: the latest of them are kept, whatever else comes. In two maps: what is used
// stands in the newer one, and once that is full it takes the place of the older one, which goes as
// a whole. That costs less than a list in the exact order of use (latest.ts), on each claim.

export type RecentLimits<Value> = {
  /** So many of the latest are kept at least, and twice as many at most. */
  max: number
  /** Once the newer ones weigh so much together they are full, too. */
  weightMax?: number
  weightOf?(value: Value): number
}

export class Recent<Key, Value> {
  private readonly limits: Required<RecentLimits<Value>>
  private newer = new Map<Key, Value>()
  private older = new Map<Key, Value>()
  /** Of the newer ones. */
  private weight = 0

  constructor(limits: RecentLimits<Value>) {
    this.limits = { weightMax: Number.POSITIVE_INFINITY, weightOf: () => 0, ...limits }
  }

  /** From now on it is one of the latest. */
  use(key: Key): Value | undefined {
    const value = this.newer.get(key)
    if (value !== undefined) return value
    const older = this.older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  /** As one of the latest, in place of what the key had. */
  set(key: Key, value: Value): void {
    const { max, weightMax, weightOf } = this.limits
    this.older.delete(key)
    this.newer.set(key, value)
    this.weight += weightOf(value)
    if (this.newer.size < max && this.weight < weightMax) return
    this.older = this.newer
    this.newer = new Map()
    this.weight = 0
  }

  delete(key: Key): void {
    this.newer.delete(key)
    this.older.delete(key)
  }

  *[Symbol.iterator](): Generator<readonly [Key, Value]> {
    yield* this.older
    yield* this.newer
  }
}
