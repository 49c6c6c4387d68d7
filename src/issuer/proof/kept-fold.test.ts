import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, partitions } from '../../../test/models/any-log.ts'
import { knownTo, release } from '../../../test/models/folding-nodes.ts'
import { type KeptSnapshots, keptSnapshots } from '../../../test/models/kept-snapshots.ts'
import { claimed, createdOf, createProofWorld } from '../../../test/models/proof-world.ts'
import { couponId, leavesOf } from '../../../test/models/published-sale.ts'
import { AwayWinners } from '../../domain/coupons/away-winners.ts'
import { type CouponMessage, claimsTopic } from '../../domain/coupons/messages.ts'
import type { IssuedRow } from '../../ports/coupons.ts'
import type { Log, LogRecord } from '../../ports/log.ts'
import { PortError } from '../../ports/port-error.ts'
import { couponBlock, format, headBlock } from '../../snapshots/fold-blocks.ts'
import { type RestoredFold, restoreFold } from '../../snapshots/restored-fold.ts'
import { claimsRestMsMax } from '../claims-consumer.ts'
import type { KeptFold } from './kept-fold.ts'

type World = ReturnType<typeof createProofWorld>
type Rows = KeptFold['rows']['issuedRows']

const origin = { release, logId: 'log' }
const noRows: Rows = async () => []

/** What an API node keeps that has read so many of the records. */
async function keptOf(
  records: readonly LogRecord[],
  { everyRecords }: { everyRecords: number },
): Promise<KeptSnapshots> {
  const store = keptSnapshots()
  await knownTo(records, { store, everyRecords, live: true })
  return store
}

async function restoredFrom(store: KeptSnapshots): Promise<RestoredFold> {
  const restored = await restoreFold(store.copy().blocks(), { partitions, ...origin })
  return restored ?? { coupons: new Map(), lists: { keys: [], acts: [] }, places: [] }
}

/** The same, of a node where all that has winners was closed long ago, in one part. */
async function withoutWinners(store: KeptSnapshots): Promise<KeptSnapshots> {
  const { coupons, places } = await restoredFrom(store)
  const from = Array<number>(partitions).fill(0)
  const head = { format, release, log: 'log', from, places: [...places] }
  const blocks = [headBlock(head)]
  for (const coupon of coupons.values()) {
    const { size } = coupon.winners
    const lastOffset = coupon.winners.values().toArray().at(-1)?.offset ?? -1
    const winners = size === 0 ? coupon.winners : new AwayWinners({ size, lastOffset })
    blocks.push(couponBlock({ ...coupon, winners }))
  }
  return keptSnapshots({}, places.length === 0 ? [] : [blocks])
}

async function rowsOf(store: KeptSnapshots): Promise<Rows> {
  const { coupons } = await restoredFrom(store)
  return async ({ couponId: id = '', after, limit }) => {
    const { winners, partition = 0 } = coupons.get(id) ?? {}
    const all = [...(winners ?? [])].map(([userId, issued]): IssuedRow => {
      return { ...issued, couponId: id, userId, partition, code: 'CODE' }
    })
    return all.filter(({ slot }) => slot > (after?.slot ?? 0)).slice(0, limit)
  }
}

/** Where the makers of proofs that are given it have begun to read, each by partition. */
function watched(log: Log): { log: Log; begun: ReadonlyMap<number, number>[] } {
  const begun: ReadonlyMap<number, number>[] = []
  const tail: Log['tail'] = (options) => {
    if (options.topic === claimsTopic && options.restMsMax === claimsRestMsMax) {
      begun.push(options.from)
    }
    return log.tail(options)
  }
  return { log: { ...log, tail }, begun }
}

async function proved(world: World, more: Parameters<World['start']>[1] = {}): Promise<void> {
  const consumer = await world.start({}, more)
  await world.pass(5_000)
  await consumer.close()
}

async function checkLeaves(world: World): Promise<void> {
  assert.deepEqual(world.errors, [])
  for (const [id, leaves] of leavesOf(world.stored())) {
    assert.deepEqual(await world.reader.leaves(id, 0, 999), leaves)
  }
}

function sumOf(places: Iterable<number>): number {
  return [...places].reduce((sum, next) => sum + next, 0)
}

const cut = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100)
const longLog = fc
  .array(anyLog(), { minLength: 2, maxLength: 4 })
  .map((parts) => parts.flat().map(({ message }) => message))

/** Stopped, with a snapshot of a node that has read so much. */
async function stopped(
  messages: readonly CouponMessage[],
  { made, kept, everyRecords }: { made: number; kept: number; everyRecords: number },
) {
  const world = createProofWorld({ partitions, at: 0 })
  const add = (some: readonly CouponMessage[]) => world.append(...some)
  const [first, second] = [Math.min(made, kept), Math.max(made, kept)]
  await add(messages.slice(0, first))
  if (made <= kept) await proved(world)
  const known = () => keptOf(world.log.records(claimsTopic).flat(), { everyRecords })
  const store = kept < made ? await known() : null
  await add(messages.slice(first, second))
  if (made > kept) await proved(world)
  const snapshots = store ?? (await known())
  await add(messages.slice(second))
  return { world, store: snapshots }
}

/** What the rows say of winners that were not kept. */
const rowsFor: Record<string, (store: KeptSnapshots) => Promise<Rows>> = {
  'have them': rowsOf,
  'have none': async () => noRows,
  'have others': async (store) => {
    const rows = await rowsOf(store)
    return async (query) =>
      (await rows(query)).map((row) => {
        return { ...row, userId: `not ${row.userId}`, offset: row.offset + 1 }
      })
  },
  'are away': async () => async () => {
    throw new PortError('store_unavailable', 'away', { retryable: true })
  },
}

describe('a maker of proofs that begins with what was kept', () => {
  it('makes the leaves that the log makes, wherever both were stopped', async () => {
    let restored = 0
    const rowsKind = fc.constantFrom(...Object.keys(rowsFor))
    const rhythm = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.boolean(), rowsKind)
    await fc.assert(
      fc.asyncProperty(longLog, fc.tuple(cut, cut), rhythm, async (messages, [a, b], how) => {
        const [everyRecords, isAway, kind] = how
        const made = Math.floor(a * messages.length)
        const kept = Math.floor(b * messages.length)
        const { world, store } = await stopped(messages, { made, kept, everyRecords })
        const { log, begun } = watched(world.log)
        const aside: string[] = []
        const issuedRows = (await rowsFor[kind]?.(store)) ?? noRows
        await proved(world, {
          log,
          kept: {
            ...origin,
            store: isAway ? await withoutWinners(store) : store,
            rows: { issuedRows },
            onPutAside: (reason) => aside.push(reason),
          },
        })
        await checkLeaves(world)
        assert.deepEqual(aside, [])
        const from = sumOf(begun[0]?.values() ?? [])
        assert.ok(from <= made, `begun at ${from} of ${made}`)
        if (kept <= made) assert.equal(from, sumOf((await restoredFrom(store)).places.map(nextOf)))
        restored += from
      }),
      { numRuns: 300 },
    )
    assert.ok(restored > 200, `${restored} records were not read again`)
  })

  for (const [what, rowsFrom] of Object.entries(rowsFor)) {
    it(`knows the winners who were not kept, where the rows ${what}`, async () => {
      const messages = [createdOf(3), ...['ann', 'bob', 'ann', 'cat'].map((id) => claimed(id))]
      const both = { made: 3, kept: 3, everyRecords: 1 }
      const { world, store } = await stopped(messages, both)
      const { log, begun } = watched(world.log)
      const away = await withoutWinners(store)
      const issuedRows = await rowsFrom(store)
      const asked: unknown[] = []
      const rows: KeptFold['rows'] = {
        issuedRows(query) {
          asked.push(query.couponId)
          return issuedRows(query)
        },
      }
      const kept = { ...origin, store: away, rows, onPutAside: assert.fail }
      await proved(world, { log, kept })
      await checkLeaves(world)
      assert.equal(sumOf(begun[0]?.values() ?? []), 3)
      assert.deepEqual(asked, [couponId])
    })
  }

  it('takes of what goes further than its trees the parts that do not', async () => {
    const messages = fc.sample(longLog, { numRuns: 4, seed: 3 }).flat()
    const made = messages.length >> 1
    const all = { made, kept: messages.length, everyRecords: 5 }
    const { world, store } = await stopped(messages, all)
    const { log, begun } = watched(world.log)
    const rows = { issuedRows: noRows }
    await proved(world, { log, kept: { ...origin, store, rows, onPutAside: assert.fail } })
    await checkLeaves(world)
    const from = sumOf(begun[0]?.values() ?? [])
    assert.ok(from > 0 && from <= made, `${from} of ${made}`)
  })

  const unfit: Record<string, { over: Partial<KeptFold>; says: RegExp }> = {
    'another log': { over: { logId: 'made again' }, says: /of another log of this name/ },
    'another version': { over: { release: '1.2.4' }, says: /of version 1\.2\.3/ },
    'damaged blocks': {
      over: {
        store: {
          async *blocks() {
            yield [Buffer.from([99])]
          },
        },
      },
      says: /of an unknown kind/,
    },
  }
  for (const [what, { over, says }] of Object.entries(unfit)) {
    it(`reads the whole log where it finds that of ${what}, and says so`, async () => {
      const messages = fc.sample(longLog, { numRuns: 2, seed: 5 }).flat()
      const both = { made: messages.length, kept: messages.length, everyRecords: 5 }
      const { world, store } = await stopped(messages, both)
      const { log, begun } = watched(world.log)
      const aside: string[] = []
      const rows = { issuedRows: noRows }
      const onPutAside = (reason: string) => aside.push(reason)
      await proved(world, { log, kept: { ...origin, store, rows, onPutAside, ...over } })
      await checkLeaves(world)
      assert.equal(sumOf(begun[0]?.values() ?? []), 0)
      assert.equal(aside.length, 1)
      assert.match(aside[0] ?? '', says)
    })
  }

  it('reads it once more where it was replaced meanwhile', async () => {
    const messages = fc.sample(longLog, { numRuns: 2, seed: 5 }).flat()
    const both = { made: messages.length, kept: messages.length, everyRecords: 5 }
    const { world, store } = await stopped(messages, both)
    const { log, begun } = watched(world.log)
    let times = 0
    async function* blocks() {
      times += 1
      if (times === 1) throw new Error('ENOENT: no such file')
      yield* store.blocks()
    }
    const rows = { issuedRows: noRows }
    const kept = { ...origin, store: { blocks }, rows, onPutAside: assert.fail }
    await proved(world, { log, kept })
    await checkLeaves(world)
    assert.ok(sumOf(begun[0]?.values() ?? []) > 0)
  })
})

function nextOf({ next }: { next: number }): number {
  return next
}
