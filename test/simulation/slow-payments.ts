// A payment service in virtual time: slow, with answers that come after the time-out or not at all
// though the money was moved, and, about some orders, contradicting itself once. When it is healed
// it answers at once, and the truth.

import assert from 'node:assert/strict'
import type { PaymentEffect, ProviderAnswer } from '../../src/domain/orders/payment-step.ts'
import { absent, type Charge } from '../../src/domain/orders/state.ts'
import { decideCharge } from '../../src/domain/orders/wallet.ts'
import { type Clock, within } from '../../src/ports/clock.ts'
import type { Payments } from '../../src/ports/payments.ts'
import type { Random } from './random.ts'

export type PaymentFaults = { slow: number; late: number; lost: number; lied: number }
export type SlowPayments = Payments & {
  heal(): void
  /** Whether it has said of a captured order that nothing was. */
  hasLiedAbout(orderId: string): boolean
  /** What a user has paid for an order and not got back. */
  paidFor(orderId: string): number
}
type Parts = {
  clock: Clock
  random: Random
  faults: PaymentFaults
  /** By user; what is captured is taken from here. */
  balances: Map<string, number>
  /** Whether it contradicts itself about this order. */
  isLiedAbout(orderId: string): boolean
}

const answerMsMax = 4_000
/** So that no record is given up, which has three attempts. */
const failuresMax = 2

export function createSlowPayments(parts: Parts): SlowPayments {
  const { clock, random, faults, balances, isLiedAbout } = parts
  const charges = new Map<string, Charge>()
  const failures = new Map<string, number>()
  const liedAbout = new Set<string>()
  let isHealed = false

  function answerTo({ kind, payment }: PaymentEffect): ProviderAnswer {
    const { orderId, userId, amount } = payment
    const before = charges.get(orderId) ?? absent
    const lies = !isHealed && isLiedAbout(orderId) && !liedAbout.has(orderId)
    if (lies && before.status === 'captured') {
      faults.lied++
      liedAbout.add(orderId)
      if (kind === 'undo') return { kind: 'undone', refunded: 0 }
      return { kind: 'refused', reason: 'insufficient_funds' }
    }
    const balance = balances.get(userId) ?? 0
    const command = kind === 'undo' ? { kind } : { kind, amount }
    const { charge, add, answer } = decideCharge(command, before, { balance, unsettled: 0 })
    assert.ok(answer.kind !== 'not_now')
    charges.set(orderId, charge)
    balances.set(userId, balance + add)
    return answer
  }

  /** The money may be moved long after the asker has gone. */
  function take(question: PaymentEffect, takesMs: number): Promise<ProviderAnswer> {
    return new Promise((resolve) => clock.after(takesMs, () => resolve(answerTo(question))))
  }

  async function ask(question: PaymentEffect, withinMs: number) {
    const name = `${question.kind} ${question.payment.orderId}`
    const dice = isHealed || (failures.get(name) ?? 0) >= failuresMax ? 1 : random.next()
    const never = new Promise<never>(() => {})
    let answer = take(question, takesMsOf(dice))
    if (dice < 0.1) {
      faults.lost++
      answer = never
    } else if (dice < 0.3) faults.slow++
    const failed = { kind: 'failed', reason: 'no answer' } as const
    const late = () => {
      failures.set(name, (failures.get(name) ?? 0) + 1)
      if (dice >= 0.1) faults.late++
      return failed
    }
    return within({ clock, ms: withinMs, late }, answer)
  }

  function takesMsOf(dice: number): number {
    if (dice === 1) return 1
    return dice < 0.3 ? random.int(300, 2 * answerMsMax) : random.int(5, 300)
  }

  return {
    ask: (questions, withinMs) => Promise.all(questions.map((one) => ask(one, withinMs))),
    limits: { questionsPerCallMax: 1, callsAtOnceMax: random.int(1, 64), answerMsMax },
    async close() {},
    heal() {
      isHealed = true
    },
    hasLiedAbout: (orderId) => liedAbout.has(orderId),
    paidFor(orderId) {
      const charge = charges.get(orderId)
      return charge?.status === 'captured' ? charge.amount : 0
    },
  }
}
