// What every store of a consumer of orders must do, whatever its tables are: fence by positions,
// count what became of the records, and write all of a transaction or nothing.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type {
  ConsumerPosition,
  ConsumerStore,
  PositionCheck,
  PositionMove,
  Taken,
} from '../../src/ports/orders.ts'
import { PortError } from '../../src/ports/port-error.ts'
import { testOpened } from './opened.ts'

export type ConsumerStoreUnderTest<Wanted, Loaded, Changes> = {
  store: ConsumerStore<Wanted, Loaded, Changes>
  /** A transaction about nothing but positions. */
  wanted: Wanted
  changes: Changes
  /** What became of the records of one partition. */
  taken(topic: string, partition: number): Promise<Taken>
  close(): Promise<void>
}
export type Move = Partial<PositionMove> & { partition: number; next: number }

const topic = 'firstcome.orders'
const none: Taken = { applied: 0, dropped: 0, postponed: 0, buried: 0, passedBy: 0 }

export function check(partition: number, expected: number, of = topic): PositionCheck {
  return { topic: of, partition, expected }
}

/** From 0, with all of it applied, unless it says otherwise. */
export function move({ next, ...some }: Move): PositionMove {
  return { topic, next, published: 0, tries: 0, taken: { ...none, applied: next }, ...some }
}

export function consumerStoreContract<Wanted, Loaded, Changes>(
  name: string,
  open: () => Promise<ConsumerStoreUnderTest<Wanted, Loaded, Changes>>,
): void {
  type Opened = ConsumerStoreUnderTest<Wanted, Loaded, Changes> & { take: Take }
  const testEach = testOpened(open)
  const test = (title: string, run: (opened: Opened) => Promise<void>) => {
    testEach(title, async (opened) => {
      const { store, wanted, changes } = opened
      const take: Take = (checks, moves) =>
        store.transact({ checks, wanted }, () => ({ changes, moves, result: 'done' }))
      await run({ ...opened, take })
    })
  }
  describe(`the store of a consumer: ${name}`, () => {
    positionTests(test)
    fenceTests(test)
    countTests(test)
  })
}

type Take = (checks: readonly PositionCheck[], moves: readonly PositionMove[]) => Promise<string>
type Tried = Pick<ConsumerStoreUnderTest<unknown, unknown, unknown>, 'taken'> & {
  store: Pick<ConsumerStore<unknown, unknown, unknown>, 'positions' | 'settle'>
  take: Take
}
type Test = (title: string, run: (opened: Tried) => Promise<void>) => void

function positionTests(test: Test): void {
  test('has no positions at first', async ({ store }) => {
    assert.deepEqual(await store.positions(), [])
  })

  test('keeps the position of each partition of each topic', async ({ store, take }) => {
    const checks = [check(1, 0), check(0, 0), check(1, 0, 'firstcome.products')]
    const moves = [
      move({ partition: 1, next: 7, published: 3, tries: 2 }),
      move({ partition: 0, next: 2, published: 2 }),
      move({ topic: 'firstcome.products', partition: 1, next: 1 }),
    ]
    assert.equal(await take(checks, moves), 'done')
    assert.deepEqual(await positionsOf(store), [
      { topic, partition: 0, next: 2, published: 2, tries: 0 },
      { topic, partition: 1, next: 7, published: 3, tries: 2 },
      { topic: 'firstcome.products', partition: 1, next: 1, published: 0, tries: 0 },
    ])
  })

  test('has positions at 0 where they were checked and not moved', async ({ store, take }) => {
    assert.equal(await take([check(0, 0), check(1, 0)], []), 'done')
    const positions = await store.positions()
    assert.ok(positions.every(({ next, published, tries }) => next + published + tries === 0))
    assert.equal(await take([check(0, 0)], [move({ partition: 0, next: 1 })]), 'done')
  })

  test('settles what is published and the tries, of all that is named or of none', async (tried) => {
    const { store, take, taken } = tried
    const moves = [move({ partition: 0, next: 5, tries: 1 }), move({ partition: 1, next: 2 })]
    await take([check(0, 0), check(1, 0)], moves)
    const before = await positionsOf(store)
    const zero = { topic, partition: 0, next: 5, published: 4, tries: 2 }
    const one = { topic, partition: 1, next: 2, published: 2, tries: 1 }
    for (const wrong of [
      { ...one, next: 1 },
      { ...one, next: 3 },
      { ...one, partition: 7 },
    ]) {
      assert.equal(await store.settle([zero, wrong]), false)
    }
    assert.deepEqual(await positionsOf(store), before)
    assert.equal(await store.settle([one, zero]), true)
    assert.deepEqual(await positionsOf(store), [zero, one])
    assert.deepEqual(await taken(topic, 0), { ...none, applied: 5 })
  })

  test('moves what is published and the tries alone, too', async ({ store, take }) => {
    await take([check(0, 0)], [move({ partition: 0, next: 5, tries: 1 })])
    const still = { partition: 0, next: 5, published: 5, tries: 0, taken: none }
    assert.equal(await take([check(0, 5)], [move(still)]), 'done')
    const { taken: _, ...position } = move(still)
    assert.deepEqual(await store.positions(), [position])
  })
}

function fenceTests(test: Test): void {
  for (const [what, expected] of [
    ['behind', 4],
    ['ahead', 6],
    ['at the start', 0],
  ] as const) {
    test(`fences an owner that is ${what}, and moves nothing for it`, async ({ store, take }) => {
      await take([check(1, 0)], [move({ partition: 1, next: 5 })])
      const before = await store.positions()
      const moves = [move({ partition: 0, next: 1 }), move({ partition: 1, next: 9 })]
      assert.equal(await take([check(0, 0), check(1, expected)], moves), 'fenced')
      assert.deepEqual((await store.positions()).filter(isMoved), before)
    })
  }

  test('fences an owner that is ahead of a partition never met', async ({ store, take }) => {
    assert.equal(await take([check(0, 3)], [move({ partition: 0, next: 4 })]), 'fenced')
    assert.deepEqual((await store.positions()).filter(isMoved), [])
  })

  test('lets one of several owners at once through, and fences the others', async (tried) => {
    for (let next = 1; next <= 10; next += 1) {
      const one = move({ partition: 0, next, taken: { ...none, applied: 1 } })
      const owners = Array.from({ length: 4 }, () => tried.take([check(0, next - 1)], [one]))
      const results = await Promise.all(owners)
      assert.deepEqual(results.toSorted(), ['done', 'fenced', 'fenced', 'fenced'])
      assert.deepEqual(await tried.taken(topic, 0), { ...none, applied: next })
    }
  })

  test('lets owners of the same partitions in another order end, all of them', async (tried) => {
    for (let next = 1; next <= 10; next += 1) {
      const owners = Array.from({ length: 6 }, (_, n) => {
        const partitions = n % 2 === 0 ? [0, 1, 2] : [2, 1, 0]
        const taken = { ...none, dropped: 1 }
        return tried.take(
          partitions.map((partition) => check(partition, next - 1)),
          partitions.map((partition) => move({ partition, next, taken })),
        )
      })
      const results = await Promise.all(owners)
      assert.equal(results.filter((result) => result === 'done').length, 1)
    }
    assert.deepEqual(
      (await positionsOf(tried.store)).map(({ next }) => next),
      [10, 10, 10],
    )
  })
}

function countTests(test: Test): void {
  test('adds up what became of the records', async ({ take, taken }) => {
    const first = { applied: 1, dropped: 2, postponed: 3, buried: 4, passedBy: 5 }
    await take([check(0, 0)], [move({ partition: 0, next: 15, taken: first })])
    const second = { applied: 5, dropped: 0, postponed: 1, buried: 0, passedBy: 1 }
    await take([check(0, 15)], [move({ partition: 0, next: 22, taken: second })])
    const both = { applied: 6, dropped: 2, postponed: 4, buried: 4, passedBy: 6 }
    assert.deepEqual(await taken(topic, 0), both)
  })

  for (const [what, wrong, constraint] of [
    ['counts one too few', { taken: { ...none, applied: 1 } }, 'all_accounted_for'],
    ['counts one too many', { taken: { ...none, buried: 3 } }, 'all_accounted_for'],
    ['has published more than it has read', { published: 8 }, 'published_within_next'],
  ] as const) {
    test(`refuses a move that ${what}`, async ({ store, take }) => {
      await take([check(0, 0)], [move({ partition: 0, next: 5 })])
      const before = await store.positions()
      const right = { partition: 0, next: 7, taken: { ...none, applied: 2 } }
      await assert.rejects(take([check(0, 5)], [move({ ...right, ...wrong })]), firedBy(constraint))
      assert.deepEqual(await store.positions(), before)
      assert.equal(await take([check(0, 5)], [move(right)]), 'done')
    })
  }
}

/** What a broken constraint says; a memory twin says the same in an assertion. */
export function firedBy(constraint: string): (error: unknown) => true {
  const words = constraint.replaceAll('_', '[_ ]')
  return (error) => {
    assert.ok(error instanceof Error)
    assert.match(error.message, new RegExp(`\\b${words}\\b`))
    if (error instanceof PortError) assert.equal(error.code, 'store_broken')
    return true
  }
}

/** A store may keep a position at 0 or none: to who reads them it is the same. */
function isMoved({ next }: ConsumerPosition): boolean {
  return next > 0
}

async function positionsOf(store: Tried['store']): Promise<ConsumerPosition[]> {
  const positions = await store.positions()
  return positions.toSorted((a, b) => {
    return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
  })
}
