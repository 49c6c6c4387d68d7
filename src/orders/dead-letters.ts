// The consumer of dead letters: keeps every letter with all that was done about it, and gives a
// re-driven record back to the retry topics. Read again after a crash it gives it back again, the
// same; the rows of the consumer whose record it is make that harmless.

import type { ConsumerWork, Item, ItemResult, Publish } from '../consumer/consumer-work.ts'
import {
  type DeadLetter,
  type DeadLetterMessage,
  type DeadLetterOutcome,
  decideDeadLetter,
  evolveDeadLetter,
  redriveOf,
} from '../domain/orders/dead-letter.ts'
import { readLetterAt, redriveEntry } from '../domain/orders/dead-letter-records.ts'
import { decodeDeadLetterMessage } from '../domain/orders/decode-dead-letters.ts'
import { deadLettersTopic } from '../domain/orders/retries.ts'
import {
  type CommandName,
  commandKey,
  type DeadLetterChanges,
  type DeadLetterLoaded,
  type DeadLetterStore,
  type DeadLetterWanted,
  type DoneCommand,
} from '../ports/orders.ts'

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
    publishedPoint: 'K24',
    inputs: [
      {
        topic: deadLettersTopic,
        decode: (value, place) => readLetterAt(decodeDeadLetterMessage(value), place),
        // An act that overtakes the burial would find no letter.
        strict: true,
      },
    ],
    wantedBy(items) {
      const commands = items.flatMap(({ message }) => commandOf(message) ?? [])
      return { ids: [...new Set(items.map(({ message }) => message.deadLetterId))], commands }
    },
    decide(items, loaded) {
      const changed = new Map<string, DeadLetter>()
      const commands: DoneCommand[] = []
      const results = items.map((item) => decideItem({ item, loaded, changed, commands }))
      return { changes: { letters: [...changed.values()], commands }, results }
    },
  }
}

type Deciding = {
  item: Item<DeadLetterMessage>
  loaded: DeadLetterLoaded
  changed: Map<string, DeadLetter>
  commands: DoneCommand[]
}

function decideItem({ item, loaded, changed, commands }: Deciding): ItemResult {
  const { message, at } = item
  const name = commandOf(message)
  const done = name === null ? undefined : loaded.commands.get(commandKey(name))
  const before = (done?.outcome ?? null) as DeadLetterOutcome | null
  let letter = loaded.letters.get(message.deadLetterId) ?? null
  const { outcome, event } = decideDeadLetter({ message, at, before }, letter)
  if (event !== null) {
    letter = evolveDeadLetter(letter, event)
    loaded.letters.set(letter.id, letter)
    changed.set(letter.id, letter)
  }
  const isFirst = name !== null && done === undefined
  if (isFirst) {
    const stored = { ...name, amount: null, outcome }
    loaded.commands.set(commandKey(name), stored)
    commands.push(stored)
  }
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
