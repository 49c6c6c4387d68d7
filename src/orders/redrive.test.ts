import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLocalGroups } from '../adapters/log-file/group-local.ts'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import {
  createConsumerStoreMemory,
  createDeadLetterStoreMemory,
} from '../adapters/memory/consumer-stores.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { startConsumer } from '../consumer/consumer.ts'
import type { AnyWork, ConsumerWork } from '../consumer/consumer-work.ts'
import { ordersTopic } from '../domain/orders/messages.ts'
import { entryOf } from '../domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../domain/orders/retries.ts'
import { crashingConsumer } from '../main/roles/crash-points.ts'
import type { Log } from '../ports/log.ts'
import { createDeadLetterWork } from './dead-letters.ts'

type Wanted = readonly string[]
type Loaded = ReadonlySet<string>

/** A step that leaves a row for each message, unless it is broken. */
function createStep(state: { broken: boolean }) {
  const rows: string[] = []
  const store = createConsumerStoreMemory<Wanted, Loaded, Wanted, string[]>(rows, {
    load: () => new Set(rows),
    write: (added) => void rows.push(...added),
  })
  const work: ConsumerWork<string, Wanted, Loaded, Wanted> = {
    name: 'stock-step',
    store,
    inputs: [
      {
        topic: ordersTopic,
        decode: (value) => {
          const message = value.toString()
          return message === 'junk'
            ? { kind: 'void', reason: 'it is junk' }
            : { kind: 'message', message }
        },
      },
    ],
    wantedBy: (items) => items.map(({ message }) => message),
    decide(items, loaded) {
      if (state.broken && items.length > 0) throw new Error('it is broken')
      const added = items.map(({ message }) => message).filter((one) => !loaded.has(one))
      const results = items.map(({ message }) => {
        const kind = loaded.has(message) ? ('dropped' as const) : ('applied' as const)
        return { kind, publish: [] }
      })
      return { changes: added, results }
    },
  }
  return { rows, work }
}

async function startWorld() {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'))
  const topics = [ordersTopic, deadLettersTopic, ...retryTopics]
  const log = openLogMemory({ topics: Object.fromEntries(topics.map((it) => [it, 2])), clock })
  const state = { broken: true }
  const step = createStep(state)
  const store = createDeadLetterStoreMemory()
  const errors: unknown[] = []
  const start = (work: AnyWork, over: { log?: Log; crashPoint?: (name: string) => void } = {}) => {
    // Each alone in its group, as after the one before was killed.
    const { join } = createLocalGroups(() => 2)
    const onError = (error: unknown) => errors.push(error)
    const alone = { ...log, ...over.log, join }
    const { crashPoint } = over
    const plain = { work, log: alone }
    const parts = crashPoint === undefined ? plain : crashingConsumer(plain, crashPoint)
    return startConsumer({ ...parts, clock, onError })
  }
  const stepRuns = await start(step.work)
  const act = (type: 'redriven' | 'discarded', commandId: string) => {
    const deadLetterId = [...store.tables.letters.keys()][0] ?? ''
    const command = { type: `dead_letter.${type}`, deadLetterId, by: 'op', commandId } as const
    return log.append(deadLettersTopic, [entryOf(command)])
  }
  return {
    log,
    state,
    rows: step.rows,
    store,
    errors,
    act,
    start,
    pass: (ms: number) => clock.runUntil(clock.now() + ms),
    place: (text: string) => log.append(ordersTopic, [{ key: 'k', value: Buffer.from(text) }]),
    startLetters: (over = {}) => start(createDeadLetterWork(store), over),
    letters: () =>
      [...store.tables.letters.values()].map(({ id, status, attempts, redrives }) => {
        return [id.replace(/\d\.\d+$/, ''), status, attempts, redrives]
      }),
    redriven: () => log.records(retryTopics[0]).flat().length,
    outcomes: () => [...store.tables.commands.values()].map(({ outcome }) => outcome),
    stop: () => stepRuns.close(),
  }
}

const name = 'stock-step.orders.'

describe('a record that cannot be handled', () => {
  test('is dead-lettered after three attempts, re-driven, dead-lettered again, and handled in the end', async () => {
    const world = await startWorld()
    const letters = await world.startLetters()
    await world.place('order')
    await world.pass(10_000)
    assert.deepEqual(world.letters(), [[name, 'waiting', 3, 0]])
    await world.act('redriven', 'a')
    await world.act('redriven', 'b')
    await world.pass(10_000)
    assert.deepEqual(world.letters(), [[name, 'waiting', 6, 1]])
    assert.deepEqual(world.outcomes(), ['done', 'unchanged'])
    world.state.broken = false
    await world.act('redriven', 'c')
    await world.pass(10_000)
    assert.deepEqual(world.letters(), [[name, 'redriven', 6, 2]])
    assert.deepEqual(world.rows, ['order'])
    assert.deepEqual(world.errors, [])
    await letters.close()
    await world.stop()
  })

  test('is handled once though its re-drive is published again after a crash (K24)', async () => {
    const world = await startWorld()
    await world.place('order')
    await world.pass(10_000)
    world.state.broken = false
    const attempts = world.redriven()
    // Killed behind the append, before it can mark what was published.
    const crashed: string[] = []
    const dead = new Promise<never>(() => {})
    let killed = false
    const hanging: Log = {
      ...world.log,
      async append(topic, entries) {
        const places = await world.log.append(topic, entries)
        killed = topic === retryTopics[0]
        return killed ? dead : places
      },
      tail: (options) => {
        return world.log.tail({
          ...options,
          onBatch: (batch) => (killed ? dead : options.onBatch(batch)),
        })
      },
    }
    await world.startLetters({ log: hanging })
    await world.pass(1_000)
    await world.act('redriven', 'a')
    await world.pass(10_000)
    assert.equal(world.redriven(), attempts + 1)
    const letters = await world.startLetters({ crashPoint: (point: string) => crashed.push(point) })
    await world.pass(10_000)
    assert.equal(world.redriven(), attempts + 2)
    assert.ok(crashed.includes('K24'), crashed.join())
    assert.deepEqual(world.letters(), [[name, 'redriven', 3, 1]])
    assert.deepEqual([world.rows, world.outcomes(), world.errors], [['order'], ['done'], []])
    await letters.close()
    await world.stop()
  })

  test('because it is junk is dead-lettered at once, and can only be discarded', async () => {
    const world = await startWorld()
    const letters = await world.startLetters()
    await world.place('junk')
    await world.pass(500)
    assert.deepEqual(world.letters(), [[name, 'waiting', 1, 0]])
    await world.act('redriven', 'a')
    await world.act('discarded', 'b')
    await world.pass(10_000)
    assert.deepEqual(world.letters(), [[name, 'discarded', 1, 0]])
    assert.deepEqual([world.outcomes(), world.redriven()], [['not_redrivable', 'done'], 0])
    await letters.close()
    await world.stop()
  })
})
