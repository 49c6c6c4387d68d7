// The memory twin of the consumers' SQL store, for simulations and tests: the same fence and the
// same counts, and nothing shared with its callers, as over a wire.

import assert from 'node:assert/strict'
import {
  type ConsumerPosition,
  type ConsumerStore,
  commandKey,
  type DoneCommand,
  type PositionMove,
  type Taken,
} from '../../ports/orders.ts'
import { PortError } from '../../ports/port-error.ts'

export type Access<Wanted, Loaded, Changes> = {
  load(wanted: Wanted): Loaded
  write(changes: Changes): void
}
export type ConsumerStoreMemory<Wanted, Loaded, Changes, Tables> = {
  tables: Tables
  /** What became of the records of one partition. */
  taken(topic: string, partition: number): Taken
} & ConsumerStore<Wanted, Loaded, Changes>
type Stored = ConsumerPosition & { taken: Taken }

export function createConsumerStoreMemory<Wanted, Loaded, Changes, Tables>(
  tables: Tables,
  { load, write }: Access<Wanted, Loaded, Changes>,
): ConsumerStoreMemory<Wanted, Loaded, Changes, Tables> {
  const stored = new Map<string, Stored>()
  const none: Taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }

  function move({ taken, ...place }: PositionMove): void {
    const key = `${place.topic} ${place.partition}`
    const before = stored.get(key)?.taken ?? none
    const sums = Object.fromEntries(
      (Object.keys(none) as (keyof Taken)[]).map((what) => [what, before[what] + taken[what]]),
    ) as Taken
    assert(place.published <= place.next, 'published within next')
    const all = Object.values(sums).reduce((sum, count) => sum + count, 0)
    assert.equal(all, place.next, `all accounted for in ${key}`)
    stored.set(key, { ...place, taken: sums })
  }

  return {
    tables,
    async positions() {
      return [...stored.values()].map(({ topic, partition, next, published, tries }) => {
        return { topic, partition, next, published, tries }
      })
    },
    async transact({ checks, wanted }, decide) {
      for (const { topic, partition, expected } of checks) {
        if ((stored.get(`${topic} ${partition}`)?.next ?? 0) !== expected) return 'fenced'
      }
      const { changes, moves, result } = decide(structuredClone(load(wanted)))
      write(structuredClone(changes))
      for (const one of moves) move(one)
      return result
    },
    taken: (topic, partition) => stored.get(`${topic} ${partition}`)?.taken ?? none,
  }
}

/** As SQL says it. */
export function constraintFired(constraint: string, what: string): PortError {
  return new PortError('store_broken', `constraint ${constraint} fired: ${what}`)
}

/** Those of these keys that are there. */
export function pick<Value>(
  from: ReadonlyMap<string, Value>,
  keys: readonly string[],
): Map<string, Value> {
  const picked = new Map<string, Value>()
  for (const key of keys) {
    const value = from.get(key)
    if (value !== undefined) picked.set(key, value)
  }
  return picked
}

type StepRow = { status: 'absent' } | { status: string; orderId: string }

export function writeRows<Row extends StepRow>(to: Map<string, Row>, rows: readonly Row[]): void {
  for (const row of rows) if ('orderId' in row) to.set(row.orderId, row)
}

/** What became of a command first is what became of it. */
export function writeCommands(
  to: Map<string, DoneCommand>,
  commands: readonly DoneCommand[],
): void {
  for (const command of commands) {
    const key = commandKey(command)
    if (!to.has(key)) to.set(key, command)
  }
}
