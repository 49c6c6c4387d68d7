// Asks witnesses for their cosignatures (c2sp.org/tlog-witness), in the background: of every new
// checkpoint, and of the newest one where they have not cosigned it yet. Whoever is away, slow or
// lying delays nothing and nobody else; it is told, and asked again.

import { type Clock, sleep } from '../../ports/clock.ts'
import type { Witness } from '../../ports/witness.ts'
import {
  type Asked,
  type AskingParts,
  askOne,
  type CouponPlace,
  type WitnessOutcome,
} from './witness-question.ts'

export type Witnessing = {
  witnesses: readonly Witness[]
  reader: AskingParts['reader']
  observe?: WitnessObserver | undefined
}
export type WitnessObserver = {
  asked(witness: string, outcome: WitnessOutcome): void
  /** In words, once as long as it stays so. */
  told(text: string): void
}
export type WitnessesParts = Witnessing & AskingParts & { clock: Clock }
export type Witnesses = {
  /** There is something new of this coupon, or may be. */
  published(coupon: CouponPlace): void
  /** Resolves when nothing is asked any more. */
  close(): Promise<void>
}

/** After a failure, where no new checkpoint comes before: it may have been a moment. */
const askAgainMs = 4_000
/** Of one witness, so that one coupon that hangs does not hold up others; each is a connection. */
export const questionsAtOnceMax = 256
/** What is told once is not told again. */
const toldMax = 1_000

export function startWitnesses(parts: WitnessesParts): Witnesses {
  const asking = parts.witnesses.map((witness) => startAsking(parts, witness))
  return {
    published: (coupon) => asking.forEach((one) => one.published(coupon)),
    close: async () => void (await Promise.all(asking.map((one) => one.close()))),
  }
}

type Waiting = CouponPlace & { dueAt: number }

function startAsking(parts: WitnessesParts, witness: Witness): Witnesses {
  const { clock, signal, observe } = parts
  const waiting = new Map<string, Waiting>()
  const asked = new Map<string, Promise<void>>()
  /** How far the witness is, by coupon. */
  const seen = new Map<string, number>()
  const told = new Map<string, string>()
  let woken = new AbortController()
  const wake = () => woken.abort('woken')

  function tell(couponId: string, { outcome, why }: Asked): void {
    observe?.asked(witness.key.name, outcome)
    const about = outcome === 'away' ? '' : couponId
    if (outcome === 'cosigned') {
      told.delete(couponId)
      told.delete('')
    } else if (told.get(about) !== outcome) {
      if (told.size >= toldMax) told.clear()
      told.set(about, outcome)
      observe?.told(`the witness ${witness.key.name} ${why}`)
    }
  }

  async function askAbout({ couponId, partition }: CouponPlace): Promise<void> {
    const found = await askOne({ ...parts, witness, seen }, { couponId, partition })
    if (signal.aborted || found === null) return
    tell(couponId, found)
    if (found.outcome === 'cosigned' || waiting.has(couponId)) return
    waiting.set(couponId, { couponId, partition, dueAt: clock.monotonic() + askAgainMs })
  }

  function begin(): void {
    for (const [couponId, coupon] of waiting) {
      if (asked.size >= questionsAtOnceMax) return
      if (asked.has(couponId) || coupon.dueAt > clock.monotonic()) continue
      waiting.delete(couponId)
      const done = askAbout(coupon).finally(() => {
        asked.delete(couponId)
        wake()
      })
      asked.set(couponId, done)
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      begin()
      const dueAt = [...waiting.values()].filter(({ couponId }) => !asked.has(couponId))
      const next = Math.min(...dueAt.map((one) => one.dueAt), clock.monotonic() + askAgainMs)
      // Where as many are asked as may be, the end of one of them wakes it.
      const isFull = asked.size >= questionsAtOnceMax
      const ms = isFull ? askAgainMs : Math.max(0, next - clock.monotonic())
      await sleep(clock, ms, woken.signal)
      woken = new AbortController()
    }
    await Promise.all(asked.values())
  }

  signal.addEventListener('abort', wake)
  const running = run()
  return {
    published(coupon) {
      waiting.set(coupon.couponId, { ...coupon, dueAt: clock.monotonic() })
      wake()
    },
    close: () => running,
  }
}
