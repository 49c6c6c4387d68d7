import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { anyLog } from '../../../../test/models/any-log.ts'
import {
  knownTo,
  logOf,
  type Node,
  recordsOf,
  release,
} from '../../../../test/models/folding-nodes.ts'
import {
  type KeptOptions,
  type KeptSnapshots,
  keptSnapshots,
} from '../../../../test/models/kept-snapshots.ts'
import { virtualClock } from '../../../adapters/memory/clock-virtual.ts'
import type { Revocation, Revocations } from '../../../domain/coupons/revocations.ts'
import type { Coupon } from '../../../domain/coupons/state.ts'
import { PackedWinners } from '../../../domain/coupons/winners.ts'
import type { LogRecord } from '../../../ports/log.ts'
import type { SnapshotStore } from '../../../ports/snapshots.ts'
import { couponBlock, format, readBlock } from '../../../snapshots/fold-blocks.ts'
import { CouponActs } from '../coupon-acts.ts'
import { KeyedCreates } from '../keyed-creates.ts'
import { FoldSnapshots } from './fold-snapshots.ts'

/** What they leave behind that were read as they came. */
async function keptOf(
  records: readonly LogRecord[],
  everyRecords: number,
  options: KeptOptions = {},
): Promise<KeptSnapshots> {
  const store = keptSnapshots(options)
  const { aside } = await knownTo(records, { store, everyRecords, live: true })
  assert.deepEqual(aside, [])
  return store
}

const longLog = fc.array(anyLog(), { minLength: 2, maxLength: 4 }).map((parts) => parts.flat())
const cut = fc.double({ min: 0, max: 1, noNaN: true })

describe('a snapshot that is due', () => {
  const refused: Record<string, (turns: number) => Promise<'anew' | 'taken'>> = {
    'was the turn of another node': async (turns) => (turns === 1 ? 'taken' : 'anew'),
    'could not be written': async (turns) => {
      if (turns === 1) throw new Error('no room')
      return 'anew'
    },
  }
  for (const [what, turn] of Object.entries(refused)) {
    it(`is written a while later where it ${what}, though nothing more comes`, async () => {
      const records = recordsOf(fc.sample(anyLog(), { numRuns: 20, seed: 9 }).flat())
      const partition = 0
      const some = records.filter((record) => record.partition === partition)
      const clock = virtualClock(0)
      let [turns, written] = [0, 0]
      const store: SnapshotStore = {
        ...keptSnapshots(),
        turn: () => turn(++turns),
        add: async () => void written++,
      }
      const snapshots = new FoldSnapshots({
        log: logOf(records),
        learned: { keys: new KeyedCreates(), acts: new CouponActs() },
        clock,
        store,
        everyRecords: 2,
        release,
        logId: 'log',
        onPutAside: assert.fail,
        onNotWritten: (error) => assert.match(String(error), /no room/),
      })
      snapshots.hasRead({ partition, records: some }, true)
      await clock.runUntil(clock.now() + 5_000)
      assert.deepEqual([turns, written], [1, 0])
      await clock.runUntil(clock.now() + 60_000)
      assert.deepEqual([turns, written], [2, 1])
      await snapshots.close()
    })
  }
})

describe('a fold from a snapshot', () => {
  it('is the fold of the whole log, wherever the log is cut, and from start to start', async () => {
    let restored = 0
    const options = fc.record({ pause: fc.nat(20), failsEvery: fc.constantFrom(3, 1_000) })
    const rhythm = fc.tuple(fc.integer({ min: 1, max: 6 }), options)
    await fc.assert(
      fc.asyncProperty(longLog, cut, rhythm, async (entries, at, [apart, kept]) => {
        const records = recordsOf(entries)
        const first = Math.floor(at * records.length)
        const store = await keptOf(records.slice(0, first), apart, kept)
        for (const end of [first, (first + records.length) >> 1, records.length]) {
          const some = records.slice(0, end)
          const replayed = await knownTo(some)
          const settles = end === first
          const { known, read, aside } = await knownTo(some, {
            store,
            everyRecords: apart,
            settles,
          })
          assert.deepEqual(known, replayed.known)
          assert.deepEqual(aside, [])
          restored += replayed.read - read
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(restored > 1_000, `${restored} records were not read again`)
  })

  it('is not used where it does not fit, and changes nothing', async () => {
    const records = recordsOf(fc.sample(anyLog(), { numRuns: 40, seed: 7 }).flat())
    const half = records.slice(0, records.length / 2)
    const store = await keptOf(half, 3)
    const moved = records.map((one) => ({ ...one, appendedAt: one.appendedAt + 1 }))
    const blocks = await Array.fromAsync(store.blocks())
    const without = (n: number): KeptSnapshots => ({
      ...store,
      async *blocks() {
        yield* blocks.toSpliced(n, 1)
      },
    })
    const isWinners = ([block]: readonly Buffer[]) => block?.[0] === 2
    const cases: (Node & { log: LogRecord[]; says: RegExp })[] = [
      { log: moved, says: /is that of another log/ },
      { log: half.slice(0, half.length / 2), says: /has \d+ records, not \d+/ },
      { log: records, version: '1.2.4', says: /it is of version 1\.2\.3, format \d+/ },
      { log: records, logId: 'made again', says: /is of another log of this name/ },
      { log: records, store: without(0), says: /do not follow|winners of/ },
      { log: records, store: without(blocks.findIndex(isWinners)), says: /winners of .* missing/ },
    ]
    for (const { log, says, ...node } of cases) {
      const { known, read, aside } = await knownTo(log, { store: store.copy(), ...node })
      const replayed = await knownTo(log)
      assert.deepEqual(known, replayed.known)
      assert.equal(read, replayed.read)
      assert.equal(aside.length, 1)
      assert.match(aside[0] ?? '', says)
    }
    assert.deepEqual((await knownTo(records, { store: store.copy() })).aside, [])
  })

  it('is written anew behind one that did not fit', async () => {
    const records = recordsOf(fc.sample(anyLog(), { numRuns: 20, seed: 8 }).flat())
    const store = await keptOf(records, 1)
    const starts = [
      { version: '1.2.4', told: 1 },
      { version: '1.2.4', told: 0 },
    ]
    for (const { version, told } of starts) {
      const { aside, known } = await knownTo(records, { store, version })
      assert.equal(aside.length, told)
      assert.deepEqual(known, (await knownTo(records)).known)
    }
  })

  it('has every field that a coupon has; another one, or another meaning, raises its format', () => {
    const revocation = {
      commandId: 'v',
      by: 'op',
      reason: 'stolen',
      userId: null,
      offset: 7,
      appendedAt: 8,
      taken: { from: 1, to: 2 },
    } satisfies Record<keyof Revocation, unknown>
    const revocations = {
      through: 1,
      slots: new Set([3]),
      commands: new Map([['v', revocation]]),
      last: 7,
    } satisfies Record<keyof Revocations, unknown>
    const coupon = {
      status: 'open',
      couponId: 'sale',
      partition: 1,
      rules: 2,
      terms: { name: 'Sale', quantity: 3, opensAt: 1 },
      name: 'Sale!',
      opensAt: 1,
      closesAt: Number.POSITIVE_INFINITY,
      quantity: 5,
      paused: true,
      commands: new Map<string, number | string>([['r', 2]]),
      revocations,
      lastAct: 9,
      winners: new PackedWinners(),
    } as const satisfies Record<keyof Coupon, unknown>
    const read = readBlock(couponBlock(coupon))
    assert.deepEqual(read, { kind: 'coupon', coupon: { ...coupon, winners: 0 } })
    assert.equal(format, 4)
  })
})
