// What a step's decision about a record means for the message loop.

import { type ItemResult, publishing } from '../consumer/consumer-work.ts'
import type { OrderMessage } from '../domain/orders/messages.ts'
import type { StepDecision } from '../domain/orders/step.ts'

export type StepSaid = Pick<StepDecision<never, never>, 'outcome' | 'replies'>

/** Throws where the record contradicts the row: it becomes a dead letter, for people to look at. */
export function stepResult({ outcome, replies }: StepSaid, message: OrderMessage): ItemResult {
  switch (outcome) {
    case 'applied':
      return { kind: 'applied', publish: publishing(replies) }
    case 'repeated':
    case 'ignored':
      return { kind: 'dropped', publish: publishing(replies) }
    case 'contradiction': {
      const { type, orderId } = message
      throw new Error(`${type} of order ${orderId} contradicts what this step has stored`)
    }
  }
}
