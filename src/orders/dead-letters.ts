// The consumer of dead letters: keeps every letter with all that was done about it, and gives a
// re-driven record back to the retry topics. Read again after a crash it gives it back again, the
// same; the rows of the consumer whose record it is make that harmless.

import type { ConsumerWork, Item, ItemResult, Publish } from '../consumer/consumer-work.ts'
import {
  type DeadLetter,
  type DeadLetterOutcome,
  decideDeadLetter,
  evolveDeadLetter,
  redriveOf,
} from '../domain/orders/dead-letter.ts'
import type { DeadLetterMessage } from '../domain/orders/dead-letter-messages.ts'
import { redriveEntry } from '../domain/orders/dead-letter-records.ts'
import { deadLettersInput } from '../domain/orders/records.ts'
import {
  type CommandName,
  commandKey,
  type DeadLetterChanges,
  type DeadLetterLoaded,
  type DeadLetterStore,
  type DeadLetterWanted,
} from '../ports/orders.ts'
import { type Batch, batchOf } from './step-work.ts'

export type DeadLetterWork = ConsumerWork<
  DeadLetterMessage,
  DeadLetterWanted,
  DeadLetterLoaded,
  DeadLetterChanges
>

export function createDeadLetterWork(store: DeadLetterStore): DeadLetterWork {
  return {
    name: 'dead-letters',
    store,
    // A command that overtakes the record of the letter would find none.
    inputs: [{ ...deadLettersInput, strict: true }],
    wantedBy(items) {
      const commands = items.flatMap(({ message }) => commandOf(message) ?? [])
      return { ids: [...new Set(items.map(({ message }) => message.deadLetterId))], commands }
    },
    decide(items, loaded) {
      const { letters, commands } = batchOf(loaded)
      const results = items.map((item) => takeLetter(item, { letters, commands }))
      return { changes: { letters: letters.changes(), commands: commands.changes() }, results }
    },
  }
}

export function takeLetter(
  { message, at }: Pick<Item<DeadLetterMessage>, 'message' | 'at'>,
  { letters, commands }: Batch<DeadLetterLoaded>,
): ItemResult {
  const name = commandOf(message)
  const key = name === null ? '' : commandKey(name)
  const before = (commands.get(key)?.outcome ?? null) as DeadLetterOutcome | null
  const known = letters.get(message.deadLetterId) ?? null
  const { outcome, event } = decideDeadLetter({ message, at, before }, known)
  const letter = event === null ? known : evolveDeadLetter(known, event)
  if (event !== null && letter !== null) letters.put(letter.id, letter)
  const isFirst = name !== null && before === null
  if (isFirst) commands.put(key, { ...name, amount: null, outcome })
  const kind = event !== null || isFirst ? 'applied' : 'dropped'
  return { kind, publish: redriven(message, letter) }
}

/** Also where the command did it before: what came after its commit may have been lost. */
function redriven(message: DeadLetterMessage, letter: DeadLetter | null): Publish[] {
  if (message.type !== 'dead_letter.redriven' || letter === null) return []
  const redrive = redriveOf(letter, message.commandId)
  return redrive === null ? [] : [redriveEntry(letter, redrive)]
}

function commandOf(message: DeadLetterMessage): CommandName | null {
  if (message.type === 'dead_letter.buried') return null
  return { key: message.deadLetterId, commandId: message.commandId }
}
