// What the steps of an order have answered: the first answer of each, which decides, and a note of
// every record of theirs, which is for people.

import type { StepMessage } from './messages.ts'
import type { Answers, Step, StepOutcome } from './state.ts'

export const noAnswers: Answers = { coupon: null, stock: null, payment: null, notes: [] }

export function withMessage(answers: Answers, message: StepMessage, at: number): Answers {
  const { step, outcome } = partsOf(message)
  const reason = 'reason' in message ? { reason: message.reason } : {}
  const notes = [...answers.notes, { step, outcome, ...reason, at }]
  return isAnswer(message) ? { ...answers, [step]: message, notes } : { ...answers, notes }
}

export function isKnown(answers: Answers, message: StepMessage): boolean {
  const { step, outcome } = partsOf(message)
  return answers.notes.some((note) => note.step === step && note.outcome === outcome)
}

/** A step has given the other answer before: yes and no cannot both be true. */
export function conflicts(answers: Answers, message: StepMessage): boolean {
  return isAnswer(message) && answers[partsOf(message).step] !== null && !isKnown(answers, message)
}

/** An answer moves an order on; the rest only says what a step did about its end. */
export function isAnswer(message: StepMessage): boolean {
  return answerOutcomes.includes(partsOf(message).outcome)
}

const answerOutcomes: readonly StepOutcome[] = ['used', 'held', 'captured', 'refused']

/** Every type is its step and its outcome. */
function partsOf({ type }: StepMessage): { step: Step; outcome: StepOutcome } {
  const [step, outcome] = type.split('.') as [Step, StepOutcome]
  return { step, outcome }
}
