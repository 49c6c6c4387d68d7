// Time as the roles and adapters know it, and the three ways to wait. Nothing else calls timers, so
// that a virtual clock drives whatever waits.

/** Milliseconds since 1970-01-01 UTC. */
export type Instant = number
/** Milliseconds since a moment of no meaning: only the difference of two says anything. */
export type Moment = number

export type Clock = {
  /**
   * The wall clock, which anybody may set at any time: only for what people and tokens are told,
   * and for comparing with it.
   */
  now(): Instant
  /** Only ever rises, whoever sets the wall clock: for every wait, deadline, age and duration. */
  monotonic(): Moment
  /** Calls `run` once after `ms` (milliseconds); the returned function cancels it. */
  after(ms: number, run: () => void): () => void
}

/** Resolves after `ms`, and at once when `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done)
    function done(): void {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** Calls `run` each time `ms` have passed after the last time; the returned function ends that. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, again)
  function again(): void {
    run()
    cancel = clock.after(ms, again)
  }
  return () => cancel()
}

/** `late`: called where there is no answer after `ms`; it gives another one, or throws. */
export type Deadline<Late> = { clock: Clock; ms: number; late: () => Late }

/** The answer, or what the deadline says when it has passed. */
export async function within<Answer, Late>(
  { clock, ms, late }: Deadline<Late>,
  answer: Promise<Answer>,
): Promise<Answer | Late> {
  const passed = Promise.withResolvers<typeof isLate>()
  const cancel = clock.after(ms, () => passed.resolve(isLate))
  try {
    const first = await Promise.race([answer, passed.promise])
    return first === isLate ? late() : first
  } finally {
    cancel()
  }
}
const isLate = Symbol('late')

/** Waits from `minMs`, doubled each time, to `maxMs`. */
export function backOff(minMs: number, maxMs: number): BackOff {
  let nextMs = minMs
  return {
    next() {
      const ms = nextMs
      nextMs = Math.min(2 * nextMs, maxMs)
      return ms
    },
    reset() {
      nextMs = minMs
    },
  }
}
export type BackOff = { next(): number; reset(): void }

/** What came so long ago counts a third. */
const memoryMs = 100
/** More than a few orders leave in that time. */
const fewMax = 8

/**
 * Whether more comes than one by one: who gathers waits for nothing while a record comes alone, and
 * gathers as soon as it is worth it.
 */
export class RecentLoad {
  private readonly clock: Pick<Clock, 'monotonic'>
  private count = 0
  private countedAt: Moment = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.clock = clock
  }

  took(count: number): void {
    this.count = this.recent() + count
    this.countedAt = this.clock.monotonic()
  }

  isHigh(): boolean {
    return this.recent() > fewMax
  }

  private recent(): number {
    return this.count * Math.exp((this.countedAt - this.clock.monotonic()) / memoryMs)
  }
}
