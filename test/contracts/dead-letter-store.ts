// What every adapter of the dead letters' store must do. `open` gives an empty store.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeadLetter } from '../../src/domain/orders/dead-letter.ts'
import { deadLettersTopic } from '../../src/domain/orders/retries.ts'
import {
  commandKey,
  type DeadLetterChanges,
  type DeadLetterLoaded,
  type DeadLetterStore,
  type DoneCommand,
} from '../../src/ports/orders.ts'

type OpenStore = () => Promise<DeadLetterStore>
type Change = Partial<DeadLetterChanges>

export function deadLetterStoreContract(name: string, open: OpenStore): void {
  describe(`the dead letters' store contract: ${name}`, () => {
    it('loads nothing where nothing was written', async () => {
      assert.deepEqual(await load(await open(), ['a'], [named('a', '1')]), {
        letters: new Map(),
        commands: new Map(),
      })
    })

    it('gives back letters whole, those that are asked for', async () => {
      const store = await open()
      const odd = letterOf('b', {
        status: 'discarded',
        key: '"\\\u{1f4a9}\u0001',
        value: 'A'.repeat(100_000),
        headers: { 'ce-id': 'é', '': '' },
        buriedAt: Number.MAX_SAFE_INTEGER,
        acts: [{ act: 'discarded', by: 'op', at: 3, commandId: 'c', reason: 'r' }],
      })
      await change(store, { letters: [odd, letterOf('a'), letterOf('c')] })
      const { letters } = await load(store, ['b', 'a', 'x'])
      assert.deepEqual([...letters.keys()].sort(), ['a', 'b'])
      assert.deepEqual(letters.get('b'), odd)
      assert.deepEqual(letters.get('a'), letterOf('a'))
    })

    it('takes the newest of a letter', async () => {
      const store = await open()
      await change(store, { letters: [letterOf('a')] })
      const newer = letterOf('a', { status: 'redriven', redrives: 1 })
      await change(store, { letters: [newer] })
      assert.deepEqual((await load(store, ['a'])).letters.get('a'), newer)
    })

    it('keeps what first became of a command, under its key', async () => {
      const store = await open()
      const first = done('a', '1', 'done')
      await change(store, { commands: [first, done('b', '1', 'conflict')] })
      await change(store, { commands: [done('a', '1', 'unchanged')] })
      const { commands } = await load(store, [], [named('a', '1'), named('a', '2')])
      assert.deepEqual(commands, new Map([[commandKey(first), first]]))
    })

    it('writes letters and commands with the position, or none of them', async () => {
      const store = await open()
      const written = { letters: [letterOf('a')], commands: [done('a', '1', 'done')] }
      assert.equal(await change(store, written, { expected: 0, next: 3 }), 'done')
      const late = { letters: [letterOf('z')], commands: [done('z', '1', 'done')] }
      assert.equal(await change(store, late, { expected: 2, next: 4 }), 'fenced')
      assert.deepEqual(
        (await store.positions()).map(({ next }) => next),
        [3],
      )
      const { letters, commands } = await load(
        store,
        ['a', 'z'],
        [named('a', '1'), named('z', '1')],
      )
      assert.deepEqual([[...letters.keys()], [...commands.keys()]], [['a'], ['a 1']])
    })

    it('writes nothing where what follows cannot be said', async () => {
      const store = await open()
      const broken = store.transact({ checks: [], wanted: { ids: [], commands: [] } }, () => {
        throw new Error('a bug')
      })
      await assert.rejects(broken, /a bug/)
      assert.deepEqual(await store.positions(), [])
    })
  })
}

type Place = { expected: number; next: number }

function change(store: DeadLetterStore, changes: Change, place?: Place) {
  const at = { topic: deadLettersTopic, partition: 0 }
  const checks = place === undefined ? [] : [{ ...at, expected: place.expected }]
  const taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }
  return store.transact({ checks, wanted: { ids: [], commands: [] } }, () => {
    const moves =
      place === undefined
        ? []
        : [
            {
              ...at,
              next: place.next,
              published: 0,
              tries: 0,
              taken: { ...taken, applied: place.next - place.expected },
            },
          ]
    return { changes: { letters: [], commands: [], ...changes }, moves, result: 'done' }
  })
}

async function load(
  store: DeadLetterStore,
  ids: readonly string[],
  commands: readonly { key: string; commandId: string }[] = [],
): Promise<DeadLetterLoaded> {
  const loaded = await store.transact({ checks: [], wanted: { ids, commands } }, (result) => {
    return { changes: { letters: [], commands: [] }, moves: [], result }
  })
  assert.ok(loaded !== 'fenced')
  return loaded
}

export function letterOf(id: string, over: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    consumer: 'stock-step',
    status: 'waiting',
    origin: { topic: 'firstcome.orders', partition: 1, offset: 2, appendedAt: 3 },
    key: 'order-1',
    value: 'e30=',
    headers: { ce_id: 'x' },
    reason: 'no',
    attempts: 3,
    buriedAt: 4,
    redrivable: true,
    redrives: 0,
    acts: [],
    ...over,
  }
}

function named(key: string, commandId: string) {
  return { key, commandId }
}

function done(key: string, commandId: string, outcome: string): DoneCommand {
  return { key, commandId, amount: null, outcome }
}
