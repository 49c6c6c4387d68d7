import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { type AppendOutcome, openLogMemory } from '../../adapters/memory/log.ts'
import { productsTopic } from '../../domain/orders/messages.ts'
import type { CommandName, DoneCommand } from '../../ports/orders.ts'
import { PortError } from '../../ports/port-error.ts'
import { OperatorCommands } from './operator-commands.ts'
import type { OrderCommand } from './order-answers.ts'
import { orderLimits } from './order-limits.ts'

const limits = { ...orderLimits, answerWaitMsMax: 500, commandsWaitingMax: 3 }
const common = { productId: 'tea', by: 'operator' }
const command = (commandId: string, add = 1): OrderCommand => {
  return { type: 'stock.added', ...common, add, commandId }
}
const creation = (commandId: string): OrderCommand => {
  return { type: 'product.created', ...common, name: 'Tea', price: 1, stock: 1, commandId }
}
const done = (commandId: string, changes: Partial<DoneCommand> = {}): DoneCommand => {
  return { key: 'tea', commandId, amount: 1, outcome: 'done', ...changes }
}
const unavailable = (reason: string) => ({ kind: 'unavailable', reason, retryAfterSeconds: 1 })

function start() {
  const clock = virtualClock(0)
  const outcomes: AppendOutcome['outcome'][] = []
  const nextAppend = () => ({ takesMs: 2, outcome: outcomes.shift() ?? ('stored' as const) })
  const log = openLogMemory({ topics: { [productsTopic]: 1 }, clock, nextAppend })
  const stored: DoneCommand[] = []
  const asked: string[][] = []
  const sql: { state: 'up' | 'away' | 'starting' } = { state: 'up' }
  const errors: unknown[] = []
  const commands = new OperatorCommands({
    log,
    clock,
    limits,
    onTransientError: (error) => errors.push(error),
    reader() {
      if (sql.state === 'starting') return null
      return {
        async commands(_by, names: readonly CommandName[]) {
          if (sql.state === 'away') {
            throw new PortError('store_unavailable', 'away', { retryable: true })
          }
          asked.push(names.map(({ commandId }) => commandId))
          return stored.filter(({ commandId }) =>
            names.some((name) => name.commandId === commandId),
          )
        },
      }
    },
  })
  const appended = () => log.records(productsTopic).flat().length
  return { clock, outcomes, stored, asked, sql, errors, commands, appended }
}

describe('an operator’s command', () => {
  it('is answered with what its consumer has stored, soon after it has', async () => {
    const { clock, stored, commands, appended } = start()
    const answer = commands.run(command('c'))
    await clock.runUntil(100)
    assert.equal(appended(), 1)
    stored.push(done('c', { outcome: 'stock_limit' }))
    await clock.runUntil(115)
    assert.deepEqual(await answer, { kind: 'applied', outcome: 'stock_limit' })
  })

  it('that was applied before is answered from SQL, and is not appended again', async () => {
    const { stored, commands, appended } = start()
    stored.push(done('c'), done('created', { amount: null, outcome: 'unchanged' }))
    assert.deepEqual(await commands.run(command('c')), { kind: 'applied', outcome: 'done' })
    const other = await commands.run(command('c', 2))
    assert.deepEqual(other, { kind: 'applied', outcome: 'conflict' })
    const created = await commands.run(creation('created'))
    assert.deepEqual(created, { kind: 'applied', outcome: 'unchanged' })
    const topUp = {
      type: 'wallet.topped_up',
      userId: 'tea',
      by: 'operator',
      commandId: 'c',
    } as const
    const outcomes = [1, 2].map(async (amount) => commands.run({ ...topUp, amount }))
    assert.deepEqual(await Promise.all(outcomes), [
      { kind: 'applied', outcome: 'done' },
      { kind: 'applied', outcome: 'conflict' },
    ])
    assert.equal(appended(), 0)
  })

  it('shares each look into SQL with all who wait', async () => {
    const { clock, stored, asked, commands } = start()
    const answers = ['c', 'd', 'd'].map((id) => commands.run(command(id)))
    await clock.runUntil(50)
    const looks = asked.slice(4)
    assert.ok(looks.length >= 3 && looks.length <= 6, String(looks.length))
    for (const names of looks) assert.deepEqual(names, ['c', 'd'])
    assert.deepEqual(await commands.run(command('e')), unavailable('queue_full'))
    stored.push(done('c'), done('d'))
    await clock.runUntil(70)
    assert.equal((await Promise.all(answers)).length, 3)
    const before = asked.length
    await clock.runUntil(1_000)
    assert.equal(asked.length, before, 'looked although nobody waits')
  })

  const outcomes = ['stored', 'unacknowledged'] as const
  for (const outcome of outcomes) {
    it(`is pending where it is not applied in time and its append was ${outcome}`, async () => {
      const { clock, outcomes: coming, commands, appended } = start()
      coming.push(outcome)
      const answer = commands.run(command('c'))
      await clock.runUntil(510)
      assert.deepEqual(await answer, { kind: 'pending' })
      assert.equal(appended(), 1)
    })
  }

  it('is refused where it is certain that nothing was stored', async () => {
    const { clock, outcomes: coming, commands, appended } = start()
    coming.push('refused')
    const answer = commands.run(command('c'))
    await clock.runUntil(10)
    assert.deepEqual(await answer, unavailable('log_unavailable'))
    assert.equal(appended(), 0)
  })

  it('is refused while SQL is not there, and waits for it once it is appended', async () => {
    const { clock, sql, stored, commands, appended, errors } = start()
    sql.state = 'starting'
    assert.deepEqual(await commands.run(command('c')), unavailable('database_starting'))
    sql.state = 'away'
    assert.deepEqual(await commands.run(command('c')), unavailable('database_unavailable'))
    assert.equal(appended(), 0)
    sql.state = 'up'
    const answer = commands.run(command('c'))
    await clock.runUntil(20)
    sql.state = 'away'
    await clock.runUntil(300)
    assert.ok(errors.length >= 3 && errors.length <= 5, String(errors.length))
    sql.state = 'up'
    stored.push(done('c'))
    await clock.runUntil(410)
    assert.deepEqual(await answer, { kind: 'applied', outcome: 'done' })
  })

  it('is pending at once when the service is closed', async () => {
    const { clock, commands } = start()
    const answer = commands.run(command('c'))
    await clock.runUntil(20)
    commands.close()
    assert.deepEqual(await answer, { kind: 'pending' })
  })
})
