// Operators' commands on products, wallets and dead letters: appends the record, and looks into
// SQL, once for all who wait, until its consumer has stored what became of it.

import type { Clock } from '../../ports/clock.ts'
import { type Log, PortError } from '../../ports/coupons.ts'
import {
  type CommandConsumer,
  type CommandName,
  commandKey,
  type DoneCommand,
  type OrdersReader,
} from '../../ports/orders.ts'
import { inTime } from './in-time.ts'
import {
  type AppliedCommand,
  busy,
  databaseAway,
  databaseStarting,
  logAway,
  type OperatorCommand,
} from './order-answers.ts'

export type OperatorCommandsParts = {
  log: Log
  clock: Clock
  /** null while SQL is not up. */
  reader: () => CommandReader | null
  limits: CommandLimits
  /** SQL could not be asked, and is asked again. */
  onTrouble(error: unknown): void
}
export type CommandLimits = {
  /** How long a request waits to be applied before it is answered 'pending'. */
  answerWaitMsMax: number
  /** From one look into SQL to the next while somebody waits. */
  lookEveryMs: number
  /** The same after a look that has failed. */
  lookAgainMs: number
  /** Commands that wait at once: operators are few, and one query asks about all of them. */
  commandsWaitingMax: number
}
export type OperatorCommands = {
  run(command: OperatorCommand): Promise<AppliedCommand>
  close(): void
}

type CommandReader = Pick<OrdersReader, 'commands'>
type Waiting = { by: CommandConsumer; name: CommandName; resolve(done: DoneCommand | null): void }

export function createOperatorCommands(parts: OperatorCommandsParts): OperatorCommands {
  const { log, limits } = parts
  const looks = new AppliedLooks(parts)
  let running = 0

  async function run(command: OperatorCommand): Promise<AppliedCommand> {
    const reader = parts.reader()
    if (reader === null) return databaseStarting
    // Asked again it is done already; and if SQL is away, nobody could say what became of it.
    const before = await looks.before(reader, command)
    if (before === 'away') return databaseAway
    if (before !== null) return answerTo(command, before)
    const refused = Promise.withResolvers<Refused>()
    log.append(command.topic, [command.entry]).catch((error: unknown) => {
      // Where it may have been stored, only its consumer can tell.
      if (error instanceof PortError && error.appended !== 'no') return
      refused.resolve({ error })
    })
    const done = await looks.applied(command, refused.promise)
    if (done === null) return { kind: 'pending' }
    if (!('error' in done)) return answerTo(command, done)
    if (!(done.error instanceof PortError)) throw done.error
    return done.error.code === 'log_full' ? busy : logAway
  }

  return {
    async run(command) {
      if (running >= limits.commandsWaitingMax) return busy
      running += 1
      try {
        return await run(command)
      } finally {
        running -= 1
      }
    },
    close: () => looks.close(),
  }
}

type Refused = { error: unknown }

/** One look for all who wait, again and again while somebody does. */
class AppliedLooks {
  private readonly parts: OperatorCommandsParts
  private readonly waiting = new Set<Waiting>()
  private looking = false
  private closed = false

  constructor(parts: OperatorCommandsParts) {
    this.parts = parts
  }

  async before(
    reader: CommandReader,
    { by, name }: OperatorCommand,
  ): Promise<DoneCommand | null | 'away'> {
    try {
      return (await this.ask(reader, by, [name])).get(commandKey(name)) ?? null
    } catch (error) {
      if (!(error instanceof PortError) || !error.retryable) throw error
      this.parts.onTrouble(error)
      return 'away'
    }
  }

  /** null: not in time. */
  applied({ by, name }: OperatorCommand, refused: Promise<Refused>) {
    const { clock, limits } = this.parts
    const { promise, resolve } = Promise.withResolvers<DoneCommand | null>()
    const waiter = { by, name, resolve }
    this.waiting.add(waiter)
    const cancel = clock.after(limits.answerWaitMsMax, () => resolve(null))
    if (!this.looking) {
      this.looking = true
      void this.lookUntilNobodyWaits()
    }
    return Promise.race([promise, refused]).finally(() => {
      cancel()
      this.waiting.delete(waiter)
    })
  }

  close(): void {
    this.closed = true
    for (const { resolve } of this.waiting) resolve(null)
  }

  private async lookUntilNobodyWaits(): Promise<void> {
    const { clock, limits } = this.parts
    while (this.waiting.size > 0 && !this.closed) {
      const waitMs = (await this.look()) ? limits.lookEveryMs : limits.lookAgainMs
      await new Promise<void>((resolve) => clock.after(waitMs, resolve))
    }
    this.looking = false
  }

  /** False where SQL could not be asked. */
  private async look(): Promise<boolean> {
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
      this.parts.onTrouble(error)
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
    const done = await inTime(clock, limits.answerWaitMsMax, reader.commands(by, once))
    return new Map(done.map((command) => [commandKey(command), command]))
  }
}

function answerTo({ amount }: OperatorCommand, done: DoneCommand): AppliedCommand {
  const other = amount !== null && done.amount !== amount
  return { kind: 'applied', outcome: other ? 'conflict' : done.outcome }
}
