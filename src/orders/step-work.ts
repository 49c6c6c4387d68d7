// What the consumers of orders have in common: how the records of a batch see what those before
// them did, and what a decision means for the message loop.

import {
  endPatienceMs,
  type Item,
  type ItemResult,
  patienceMsMax,
  publishing,
} from '../consumer/consumer-work.ts'
import { isOfRedemption, type OrderMessage } from '../domain/orders/messages.ts'
import { absent } from '../domain/orders/state.ts'
import type { StepDecision } from '../domain/orders/step.ts'
import { type CommandName, commandKey, type DoneCommand } from '../ports/orders.ts'

/** What a transaction has loaded, by key, and what the records of its batch have made of it. */
export class Working<Value> {
  readonly all: Map<string, Value>
  readonly changed = new Map<string, Value>()

  constructor(loaded: Map<string, Value>) {
    this.all = loaded
  }

  get(key: string): Value | undefined {
    return this.all.get(key)
  }

  put(key: string, value: Value): void {
    this.all.set(key, value)
    this.changed.set(key, value)
  }

  changes(): Value[] {
    return [...this.changed.values()]
  }
}

/** By table, what a transaction has loaded. */
export type Batch<Loaded> = {
  [Table in keyof Loaded]: Loaded[Table] extends Map<string, infer Value> ? Working<Value> : never
}
type AnyLoaded = Readonly<Record<string, Map<string, unknown>>>

export function batchOf<Loaded extends AnyLoaded>(loaded: Loaded): Batch<Loaded> {
  const tables = Object.entries(loaded).map(([table, all]) => [table, new Working(all)])
  return Object.fromEntries(tables) as Batch<Loaded>
}

/** Of a step that knows no redemptions; `notIts`: the types that say nothing to it. */
export function patienceOfStep(notIts: readonly string[]): (type: string) => number {
  return (type) => {
    if (notIts.includes(type) || isOfRedemption({ type })) return patienceMsMax
    return type === 'order.confirmed' ? endPatienceMs : 0
  }
}

/** The row of one order before and after a decision. */
export function decideRow<Row, Event, Decision extends { events: readonly Event[] }>(
  { rows, orderId }: { rows: Working<Row | typeof absent>; orderId: string },
  evolve: (row: Row | typeof absent, event: Event) => Row | typeof absent,
  decide: (row: Row | typeof absent) => Decision,
): Decision {
  const row = rows.get(orderId) ?? absent
  const decision = decide(row)
  if (decision.events.length > 0) rows.put(orderId, decision.events.reduce(evolve, row))
  return decision
}

/**
 * The results of a batch, in its order. What operators supply is taken first: records of two topics
 * come in any order, and who orders what was there before must not be told that it is unknown.
 */
export function suppliesFirst<Message extends { type: string }>(
  items: readonly Item<Message>[],
  take: (item: Item<Message>) => ItemResult,
): ItemResult[] {
  const isSupply = ({ message }: Item<Message>) => !message.type.startsWith('order.')
  const results = new Map<Item<Message>, ItemResult>()
  for (const item of items) if (isSupply(item)) results.set(item, take(item))
  return items.map((item) => results.get(item) ?? take(item))
}

/** A command that is known keeps its first outcome, whatever a second record of it says. */
export function takeCommand(
  commands: Working<DoneCommand>,
  command: CommandName & { amount: number | null },
  outcomeOf: () => string,
): ItemResult {
  const key = commandKey(command)
  if (commands.get(key) !== undefined) return { kind: 'dropped', publish: [] }
  commands.put(key, { ...command, outcome: outcomeOf() })
  return { kind: 'applied', publish: [] }
}

/** Throws where the record contradicts the row: it becomes a dead letter, for people to look at. */
export function stepResult(
  { outcome, replies }: Pick<StepDecision<never, never>, 'outcome' | 'replies'>,
  { type, orderId }: OrderMessage,
): ItemResult {
  switch (outcome) {
    case 'applied':
      return { kind: 'applied', publish: publishing(replies) }
    case 'repeated':
    case 'ignored':
      return { kind: 'dropped', publish: publishing(replies) }
    case 'contradiction':
      throw new Error(`${type} of order ${orderId} contradicts what this step has stored`)
  }
}
