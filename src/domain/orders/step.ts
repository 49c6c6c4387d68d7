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

export const ignored = { outcome: 'ignored', events: [], effects: [], replies: [] } as const
export const contradiction = {
  outcome: 'contradiction',
  events: [],
  effects: [],
  replies: [],
} as const

export function applied<Event, Effect>(
  event: Event,
  effects: readonly Effect[],
  replies: readonly StepMessage[],
): { outcome: 'applied' } & Omit<StepDecision<Event, Effect>, 'outcome'> {
  return { outcome: 'applied', events: [event], effects, replies }
}

export function repeated(reply: StepMessage): {
  outcome: 'repeated'
  events: readonly []
  effects: readonly []
  replies: readonly StepMessage[]
} {
  return { outcome: 'repeated', events: [], effects: [], replies: [reply] }
}
