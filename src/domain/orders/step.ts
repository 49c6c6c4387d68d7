// What the three steps share: the shape of what they decide about one record and one row.

import type { StepMessage } from './messages.ts'

export type StepDecision<Event, Effect, Outcome = StepOutcomeKind> = {
  outcome: Outcome
  /** Change the row; stored together with what `effects` change, in one transaction. */
  events: readonly Event[]
  effects: readonly Effect[]
  /** For the steps' topic, after the commit. */
  replies: readonly StepMessage[]
}
export type StepOutcomeKind =
  | 'applied'
  | 'repeated' // known already: the stored reply is published, or the provider asked, again
  | 'ignored' // nothing to do, now or ever
  | 'contradiction' // the orders topic says two different things: a bug, to be looked at

type Nothing<Outcome> = StepDecision<never, never, Outcome>
export const ignored: Nothing<'ignored'> = {
  outcome: 'ignored',
  events: [],
  effects: [],
  replies: [],
}
export const contradiction: Nothing<'contradiction'> = { ...ignored, outcome: 'contradiction' }

export function repeated(reply: StepMessage): Nothing<'repeated'> {
  return { ...ignored, outcome: 'repeated', replies: [reply] }
}

export function applied<Event, Effect>(
  event: Event,
  effects: readonly Effect[],
  replies: readonly StepMessage[],
): StepDecision<Event, Effect, 'applied'> {
  return { outcome: 'applied', events: [event], effects, replies }
}
