// Operators' commands over HTTP, all alike: the record is appended, and the answer is what its
// consumer made of it, with the thing as it is now. 202 where either takes too long.

import { within } from '../../ports/clock.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import type { OrderCommand } from '../orders/order-answers.ts'
import { storeDeadline } from '../orders/order-reads.ts'
import { type Command, conflictOf, type Refusal, refusals } from './problems/problems.ts'
import { type Answer, pendingAt } from './route.ts'
import type { RouteParts } from './server-parts.ts'

type Outcome = Refusal | 'created' | 'done' | 'unchanged' | 'conflict'
export type Decided = {
  message: Command
  outcome: Outcome
  /** Where the thing is, or where to ask again. */
  location: string
  /** null: it is done, but there is nothing to show yet. */
  show(): Promise<object | null> | object | null
}

export async function decidedAnswer(decided: Decided): Promise<Answer> {
  const { message, outcome, location } = decided
  if (outcome === 'conflict') return { problem: conflictOf(message.type) }
  if (isRefusal(outcome)) return { problem: refusals[outcome] }
  const body = await decided.show()
  if (body === null) return pendingAt(location)
  const isNew = outcome !== 'unchanged' && message.type.endsWith('.created')
  return isNew ? { status: 201, body, location } : { status: 200, body }
}

export type AskedCommand = {
  message: OrderCommand
  location: string
  show(reader: OrdersReader): Promise<object | null>
}

/** A command on products, wallets or dead letters. */
export async function orderCommandAnswer(
  { clock, orders, limits }: RouteParts,
  { message, location, show }: AskedCommand,
): Promise<Answer> {
  const answer = await orders.command(message)
  if (answer.kind === 'unavailable') return answer
  if (answer.kind === 'pending') return pendingAt(location)
  const showNow = async () => {
    const reader = orders.reader()
    if (reader === null) return null
    try {
      return await within(storeDeadline(clock, limits.readBackWaitMsMax), show(reader))
    } catch (error) {
      if (error instanceof PortError && error.retryable) return null
      throw error
    }
  }
  return decidedAnswer({ message, outcome: answer.outcome, location, show: showNow })
}

function isRefusal(outcome: Outcome): outcome is Refusal {
  return outcome in refusals
}
