// Requests that wait for the fold to meet their record, by the record's id. All wait equally
// long, so the oldest is always the first to be late, and one timer serves them all.

import type { Clock, Moment } from '../../ports/clock.ts'

export type Waiters<Answer, By = never> = {
  /** Asked for twice with one id, both get the one answer. */
  wait(id: string): Promise<Answer>
  isWaiting(id: string): boolean
  /** No effect where nobody waits for that id, or no longer. `by`: what has answered. */
  answer(id: string, answer: Answer, by?: By): void
  /** Resolves once nobody waits. */
  empty(): Promise<void>
}
export type WaitersOptions<Answer, By> = {
  clock: Clock
  waitMs: number
  /** The answer to those who have waited so long. */
  late: Answer
  /** Called for every waiting that ends. */
  onAnswered?(answer: Answer, by: By | 'log'): void
}
type Waiter<Answer> = Pick<PromiseWithResolvers<Answer>, 'promise' | 'resolve'> & { until: Moment }

/** How late a late answer can be. */
const sweepEveryMs = 50

export function createWaiters<Answer, By = never>(
  options: WaitersOptions<Answer, By>,
): Waiters<Answer, By> {
  const { clock, waitMs, late, onAnswered } = options
  const waiting = new Map<string, Waiter<Answer>>()
  let whenEmpty = Promise.withResolvers<void>()
  let sweeping = false

  function sweep(): void {
    sweeping = false
    const now = clock.monotonic()
    for (const [id, waiter] of waiting) {
      if (waiter.until > now) break
      answer(id, late)
    }
    if (waiting.size > 0) sweepLater()
  }

  function sweepLater(): void {
    if (sweeping) return
    sweeping = true
    clock.after(sweepEveryMs, sweep)
  }

  function answer(id: string, value: Answer, by: By | 'log' = 'log'): void {
    const waiter = waiting.get(id)
    if (waiter === undefined) return
    waiting.delete(id)
    waiter.resolve(value)
    onAnswered?.(value, by)
    if (waiting.size > 0) return
    whenEmpty.resolve()
    whenEmpty = Promise.withResolvers()
  }

  return {
    wait(id) {
      const known = waiting.get(id)
      if (known !== undefined) return known.promise
      const { promise, resolve } = Promise.withResolvers<Answer>()
      waiting.set(id, { until: clock.monotonic() + waitMs, promise, resolve })
      sweepLater()
      return promise
    },
    isWaiting: (id) => waiting.has(id),
    answer,
    empty: () => (waiting.size === 0 ? Promise.resolve() : whenEmpty.promise),
  }
}
