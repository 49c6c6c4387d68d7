// What an order has heard of its steps: their first answers, and a note of all that they said.

import type { StepMessage } from './messages.ts'
import type { Answers, OrderState, Step, StepOutcome } from './state.ts'

export const noAnswers: Answers = { coupon: null, stock: null, payment: null, notes: [] }

export function heardBy(state: OrderState): Answers {
  return state.status === 'absent' ? noAnswers : state.heard
}

/** The first answer of each step decides; a note of every record of theirs is for people. */
export function withMessage(heard: Answers, message: StepMessage, at: number): Answers {
  const { step, outcome, isAnswer } = partsOf(message)
  const reason = 'reason' in message ? { reason: message.reason } : {}
  const notes = [...heard.notes, { step, outcome, ...reason, at }]
  return isAnswer ? { ...heard, [step]: message, notes } : { ...heard, notes }
}

type Parts = { step: Step; outcome: StepOutcome; isAnswer: boolean }
/** Every type is its step and its outcome. An answer moves an order on; the rest only tells. */
export function partsOf({ type }: StepMessage): Parts {
  const [step, outcome] = type.split('.') as [Step, StepOutcome]
  return { step, outcome, isAnswer: answerOutcomes.includes(outcome) }
}

const answerOutcomes: readonly StepOutcome[] = ['used', 'held', 'captured', 'refused']
