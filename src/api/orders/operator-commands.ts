// Operators' commands on products, wallets and dead letters: appends the record, and asks SQL, in
// one query for all who wait, until its consumer has stored what became of it.

import { entryOf, keyOf, topicOf } from '../../domain/orders/records.ts'
import { type Clock, sleep, within } from '../../ports/clock.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import { type CommandName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import type { CommandConsumer, OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import {
  type AppliedCommand,
  busy,
  type CommandOutcome,
  databaseAway,
  databaseStarting,
  logAway,
  type OrderCommand,
} from './order-answers.ts'
import { storeDeadline } from './order-reads.ts'

export type OperatorCommandsParts = {
  log: Log
  clock: Clock
  /** null while SQL is not up. */
  reader: () => CommandReader | null
  limits: CommandLimits
  /** SQL could not be asked, and is asked again. */
  onTransientError(error: unknown): void
}
export type CommandLimits = {
  /** How long a request waits to be applied before it is answered 'pending'. */
  answerWaitMsMax: number
  /** From one query to the next while somebody waits. */
  lookEveryMs: number
  /** The same after a query that has failed. */
  lookAgainMs: number
  /** Commands that wait at once: operators are few, and one query asks about all of them. */
  commandsWaitingMax: number
}
export type OperatorCommands = {
  run(command: OrderCommand): Promise<AppliedCommand>
  close(): void
}

type CommandReader = Pick<OrdersReader, 'commands'>
/** `amount`: what was asked for; null where the command has none. */
type Command = {
  by: CommandConsumer
  name: CommandName
  amount: number | null
  topic: string
  entry: LogEntry
}
type Waiting = { by: CommandConsumer; name: CommandName; resolve(done: DoneCommand | null): void }

export function createOperatorCommands(parts: OperatorCommandsParts): OperatorCommands {
  const { limits } = parts
  const queries = new CommandQueries(parts)
  let running = 0
  return {
    async run(asked) {
      if (running >= limits.commandsWaitingMax) return busy
      running += 1
      try {
        return await run(parts, queries, commandOf(asked))
      } finally {
        running -= 1
      }
    },
    close: () => queries.close(),
  }
}

async function run(
  { log, reader }: OperatorCommandsParts,
  queries: CommandQueries,
  command: Command,
): Promise<AppliedCommand> {
  const reads = reader()
  if (reads === null) return databaseStarting
  // Asked again it is done already; and if SQL is away, nobody could say what became of it.
  const before = await queries.before(reads, command)
  if (before === 'away') return databaseAway
  if (before !== null) return answerTo(command, before)
  const refused = Promise.withResolvers<{ error: unknown }>()
  log.append(command.topic, [command.entry]).catch((error: unknown) => {
    // Where it may have been stored, only its consumer can tell.
    if (error instanceof PortError && error.appended !== 'no') return
    refused.resolve({ error })
  })
  const done = await queries.applied(command, refused.promise)
  if (done === null) return { kind: 'pending' }
  if (!('error' in done)) return answerTo(command, done)
  if (!(done.error instanceof PortError)) throw done.error
  return done.error.code === 'log_full' ? busy : logAway
}

function commandOf(message: OrderCommand): Command {
  const name = { key: keyOf(message), commandId: message.commandId }
  const record = { name, topic: topicOf(message), entry: entryOf(message) }
  switch (message.type) {
    case 'dead_letter.redriven':
    case 'dead_letter.discarded':
      return { ...record, by: 'dead-letters', amount: null }
    case 'product.created':
      return { ...record, by: 'stock-step', amount: null }
    case 'stock.added':
      return { ...record, by: 'stock-step', amount: message.add }
    case 'wallet.topped_up':
      return { ...record, by: 'payment-step', amount: message.amount }
  }
}

function answerTo({ amount }: Command, done: DoneCommand): AppliedCommand {
  const other = amount !== null && done.amount !== amount
  // A consumer stores no other outcomes.
  return { kind: 'applied', outcome: other ? 'conflict' : (done.outcome as CommandOutcome) }
}

/** One query for all who wait, again and again while somebody does. */
class CommandQueries {
  private readonly parts: OperatorCommandsParts
  private readonly waiting = new Set<Waiting>()
  private asking = false
  private closed = false

  constructor(parts: OperatorCommandsParts) {
    this.parts = parts
  }

  async before(reader: CommandReader, { by, name }: Command): Promise<DoneCommand | null | 'away'> {
    try {
      return (await this.ask(reader, by, [name])).get(commandKey(name)) ?? null
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable) throw error
      this.parts.onTransientError(error)
      return 'away'
    }
  }

  /** null: not in time. */
  async applied<Refused>({ by, name }: Command, refused: Promise<Refused>) {
    const { clock, limits } = this.parts
    const { promise, resolve } = Promise.withResolvers<DoneCommand | null>()
    const waiter = { by, name, resolve }
    this.waiting.add(waiter)
    if (!this.asking) void this.askWhileSomebodyWaits()
    try {
      const deadline = { clock, ms: limits.answerWaitMsMax, late: () => null }
      return await within(deadline, Promise.race([promise, refused]))
    } finally {
      this.waiting.delete(waiter)
    }
  }

  close(): void {
    this.closed = true
    for (const { resolve } of this.waiting) resolve(null)
  }

  private async askWhileSomebodyWaits(): Promise<void> {
    const { clock, limits } = this.parts
    this.asking = true
    while (this.waiting.size > 0 && !this.closed) {
      await sleep(clock, (await this.askForAll()) ? limits.lookEveryMs : limits.lookAgainMs)
    }
    this.asking = false
  }

  /** False where SQL could not be asked. */
  private async askForAll(): Promise<boolean> {
    const reader = this.parts.reader()
    if (reader === null) return false
    try {
      for (const [by, waiters] of Map.groupBy(this.waiting, (waiter) => waiter.by)) {
        const names = waiters.map(({ name }) => name)
        const done = await this.ask(reader, by, names)
        for (const { name, resolve } of waiters) {
          const command = done.get(commandKey(name))
          if (command !== undefined) resolve(command)
        }
      }
      return true
    } catch (error) {
      this.parts.onTransientError(error)
      return false
    }
  }

  private async ask(
    reader: CommandReader,
    by: CommandConsumer,
    names: readonly CommandName[],
  ): Promise<Map<string, DoneCommand>> {
    const { clock, limits } = this.parts
    const once = [...new Map(names.map((name) => [commandKey(name), name])).values()]
    const deadline = storeDeadline(clock, limits.answerWaitMsMax)
    const done = await within(deadline, reader.commands(by, once))
    return new Map(done.map((command) => [commandKey(command), command]))
  }
}
