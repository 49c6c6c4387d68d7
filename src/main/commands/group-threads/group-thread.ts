// A thread that compares groups of orders for an audit; group-threads.ts starts it.

import { parentPort } from 'node:worker_threads'
import { answerCalls } from '../../../adapters/thread-call.ts'
import {
  type CompareGroup,
  createGroupComparison,
  type Group,
  type GroupOutcome,
  type GroupsKnown,
} from '../../../audit/orders/compare-groups.ts'

/** First what is known, then group by group. */
export type GroupQuestion = { known: GroupsKnown } | { group: Group }

let compare: CompareGroup | null = null

if (parentPort !== null) answerCalls(parentPort, outcomeOf, 'store_broken')

function outcomeOf(question: GroupQuestion): GroupOutcome | null {
  if ('group' in question) return compare?.(question.group) ?? null
  compare = createGroupComparison(question.known)
  return null
}
