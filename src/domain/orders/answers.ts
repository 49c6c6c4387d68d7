// What an order has heard from its steps: the first answer of each, which decides, and a note of
// everything that was said, which is for people.

import type { StepMessage } from './messages.ts'
import type { Heard, Step, StepNote, StepOutcome } from './state.ts'

export const nothingHeard: Heard = { coupon: null, stock: null, payment: null, notes: [] }

export function hear(heard: Heard, message: StepMessage, at: number): Heard {
  const notes = [...heard.notes, noteOf(message, at)]
  switch (message.type) {
    case 'coupon.used':
    case 'coupon.refused':
      return { ...heard, coupon: message, notes }
    case 'stock.held':
    case 'stock.refused':
      return { ...heard, stock: message, notes }
    case 'payment.captured':
    case 'payment.refused':
      return { ...heard, payment: message, notes }
    case 'coupon.released':
    case 'stock.released':
    case 'stock.sold':
    case 'payment.refunded':
      return { ...heard, notes }
  }
}

export function wasHeard(heard: Heard, message: StepMessage): boolean {
  const { step, outcome } = partsOf(message)
  return heard.notes.some((note) => note.step === step && note.outcome === outcome)
}

/** A step has given the other answer before: yes and no cannot both be true. */
export function gainsays(heard: Heard, message: StepMessage): boolean {
  return isAnswer(message) && heard[partsOf(message).step] !== null && !wasHeard(heard, message)
}

/** An answer moves an order on; the rest only says what a step did about its end. */
export function isAnswer(message: StepMessage): boolean {
  return answers.includes(partsOf(message).outcome)
}

const answers: readonly StepOutcome[] = ['used', 'held', 'captured', 'refused']

function noteOf(message: StepMessage, at: number): StepNote {
  const { step, outcome } = partsOf(message)
  return 'reason' in message ? { step, outcome, reason: message.reason, at } : { step, outcome, at }
}

/** Every type is its step and its outcome. */
function partsOf({ type }: StepMessage): { step: Step; outcome: StepOutcome } {
  const [step, outcome] = type.split('.') as [Step, StepOutcome]
  return { step, outcome }
}
