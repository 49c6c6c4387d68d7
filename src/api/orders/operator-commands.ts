// Operators' commands on products, wallets and dead letters: appends the record, and asks SQL, in
// one query for all who wait, until its consumer has stored what became of it.

import { entryOf, keyOf, topicOf } from '../../domain/orders/records.ts'
import { type Clock, sleep, within } from '../../ports/clock.ts'
import type { Log, LogEntry } from '../../ports/log.ts'
import { type CommandName, commandKey, type DoneCommand } from '../../ports/orders.ts'
import type { CommandConsumer, OrdersReader } from '../../ports/orders-reader.ts'
import { PortError } from '../../ports/port-error.ts'
import { busy, databaseStarting, databaseUnavailable, refusedBy } from '../claims/claim-answers.ts'
import type { AppliedCommand, CommandOutcome, OrderCommand } from './order-answers.ts'
import type { OrderLimits } from './order-limits.ts'
import { storeDeadline } from './order-reads.ts'

export type OperatorCommandsParts = {
  log: Log
  clock: Clock
  /** null while SQL is not up. */
  reader: () => CommandReader | null
  limits: OrderLimits
  /** SQL could not be asked, and is asked again. */
  onTransientError(error: unknown): void
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

/** One query for all who wait, again and again while somebody does. */
export class OperatorCommands {
  private readonly parts: OperatorCommandsParts
  private readonly waiting = new Set<Waiting>()
  private running = 0
  private asking = false
  private closed = false

  constructor(parts: OperatorCommandsParts) {
    this.parts = parts
  }

  async run(asked: OrderCommand): Promise<AppliedCommand> {
    if (this.running >= this.parts.limits.commandsWaitingMax) return busy
    this.running += 1
    try {
      return await this.runOne(commandOf(asked))
    } finally {
      this.running -= 1
    }
  }

  close(): void {
    this.closed = true
    for (const { resolve } of this.waiting) resolve(null)
  }

  private async runOne(command: Command): Promise<AppliedCommand> {
    const reader = this.parts.reader()
    if (reader === null) return databaseStarting
    // Asked again it is done already; and if SQL is away, nobody could say what became of it.
    const before = await this.before(reader, command)
    if (before === 'away') return databaseUnavailable
    if (before !== null) return answerTo(command, before)
    const refused = Promise.withResolvers<{ error: unknown }>()
    this.parts.log.append(command.topic, [command.entry]).catch((error: unknown) => {
      // Where it may have been stored, only its consumer can tell.
      if (error instanceof PortError && error.appended !== 'no') return
      refused.resolve({ error })
    })
    const done = await this.applied(command, refused.promise)
    if (done === null) return { kind: 'pending' }
    if (!('error' in done)) return answerTo(command, done)
    if (!(done.error instanceof PortError)) throw done.error
    return refusedBy(done.error)
  }

  private async before(
    reader: CommandReader,
    { by, name }: Command,
  ): Promise<DoneCommand | null | 'away'> {
    try {
      return (await this.ask(reader, by, [name])).get(commandKey(name)) ?? null
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable) throw error
      this.parts.onTransientError(error)
      return 'away'
    }
  }

  /** null: not in time. */
  private async applied<Refused>({ by, name }: Command, refused: Promise<Refused>) {
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
