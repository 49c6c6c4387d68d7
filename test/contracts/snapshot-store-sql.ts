// The contract of snapshots on rows of a database, and what several nodes promise each other there.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { systemClock } from '../../src/adapters/clock-system.ts'
import type { Database, Queryable } from '../../src/adapters/database/database.ts'
import { createSnapshotStoreSql } from '../../src/adapters/stores/nodes/fold-snapshots.ts'
import { anyLog } from '../models/any-log.ts'
import { knownTo, recordsOf } from '../models/folding-nodes.ts'
import { type Random, seededRandom } from '../simulation/random.ts'
import {
  addTo,
  blocksOf,
  type OpenedSnapshots,
  snapshotStoreContract,
  textsIn,
} from './snapshot-store.ts'

const tables = ['snapshots', 'snapshot_pieces', 'snapshot_writers']
export const emptySnapshotTables = `truncate ${tables.map((name) => `nodes.${name}`).join(', ')};`

export function snapshotsInRows(name: string, database: () => Database): void {
  const run = (text: string) => database().script(text)
  const open = (release = '1.0.0') => {
    return createSnapshotStoreSql({ database: database(), clock: systemClock(), release })
  }
  async function opened(): Promise<OpenedSnapshots> {
    await run(emptySnapshotTables)
    return {
      open,
      damage: (random) => damageOne(run, random),
      async mix() {
        // Of the same number, and whole, but behind another first one.
        const foreign = open('2.0.0')
        await addTo(foreign, blocksOf('A'), { anew: true })
        for (const text of ['B', 'C']) await addTo(foreign, blocksOf(text), { anew: false })
        await run(
          `delete from nodes.snapshots where release = '1.0.0' and number = 3;
           update nodes.snapshots set release = '1.0.0'
            where release = '2.0.0' and number = 3;
           delete from nodes.snapshots where release = '2.0.0'`,
        )
      },
      close: async () => {},
    }
  }

  snapshotStoreContract(name, opened, 30)

  describe(`snapshots of several nodes: ${name}`, () => {
    it('are added to by one of them, until it is late', async () => {
      await opened()
      const [one, two] = [open(), open()]
      assert.equal(await one.turn({ records: 10, lateRecords: 5 }), 'anew')
      // At work, however late it is.
      assert.equal(await two.turn({ records: 99, lateRecords: 5 }), 'taken')
      await one.add(blocksOf('a'), { anew: true })
      assert.equal(await two.turn({ records: 14, lateRecords: 5 }), null)
      assert.equal(await one.turn({ records: 20, lateRecords: 5 }), 'behind')
      await one.add(blocksOf('b'), { anew: false })
      assert.equal(await two.turn({ records: 24, lateRecords: 5 }), null)
      assert.equal(await two.turn({ records: 25, lateRecords: 5 }), 'anew')
      await two.add(blocksOf('c'), { anew: true })
      assert.equal(await one.turn({ records: 29, lateRecords: 5 }), null)
      const next = open()
      assert.deepEqual(await textsIn(next), ['c'])
      assert.equal(await next.turn({ records: 26, lateRecords: 5 }), 'behind')
    })

    it('are those of the node that has the turn, also where another wakes up later', async () => {
      await opened()
      const [asleep, awake] = [open(), open()]
      await asleep.turn({ records: 10, lateRecords: 5 })
      function* slow() {
        yield Buffer.from('x'.repeat(100_000))
        yield Buffer.from('y'.repeat(100_000))
      }
      const blocks = slow()
      const first = blocks.next().value as Buffer
      const turnsOver = `update nodes.snapshot_writers set until = now()`
      await run(turnsOver)
      await addTo(awake, blocksOf('z'), { anew: true })
      await assert.rejects(asleep.add([first, ...blocks], { anew: true }), /another node has added/)
      assert.deepEqual(await textsIn(open()), ['z'])
      // Half of one, by a node that has ended: nobody reads it, and the next one removes it.
      await run(
        `insert into nodes.snapshot_pieces values ('killed', 0, 'x');
         update nodes.snapshot_writers
            set writing = 'killed', until = now() + interval '1 minute'`,
      )
      assert.deepEqual(await textsIn(open()), ['z'])
      assert.equal(await countOf('snapshot_pieces'), 2)
      assert.equal(await awake.turn({ records: 30, lateRecords: 5 }), 'taken')
      await run(turnsOver)
      await addTo(awake, blocksOf('w'), { anew: false })
      assert.deepEqual(await textsIn(open()), ['z', 'w'])
      assert.equal(await countOf('snapshot_pieces'), 2)
    })

    it('are of one release, and forgotten once nobody has written them for a day', async () => {
      await opened()
      const old = open()
      await addTo(old, blocksOf('old'), { anew: true })
      const later = open('1.1.0')
      await assert.rejects(textsIn(later), /it is of version 1\.0\.0/)
      await addTo(later, blocksOf('new'), { anew: true })
      assert.deepEqual(await textsIn(open('1.1.0')), ['new'])
      assert.deepEqual(await textsIn(open()), ['old'])
      await run(`update nodes.snapshots set written_at = now() - interval '25 hours'
                  where release = '1.0.0'`)
      await addTo(later, blocksOf('newer'), { anew: false })
      await assert.rejects(textsIn(open()), /it is of version 1\.1\.0/)
      assert.equal(await countOf('snapshot_pieces'), 2)
    })

    it('are no fault where another node of this release writes the first one meanwhile', async () => {
      await opened()
      let isFirst = true
      const meanwhile: Queryable = {
        async query(statement, values) {
          const answer = await database().query(statement, values)
          if (isFirst) {
            isFirst = false
            await addTo(open(), blocksOf('first'), { anew: true })
          }
          return answer
        },
      }
      const parts = { database: meanwhile, clock: systemClock(), release: '1.0.0' }
      assert.deepEqual(await textsIn(createSnapshotStoreSql(parts)), [])
      assert.deepEqual(await textsIn(open()), ['first'])
    })

    it('are what each of them begins from, wherever the log is cut', async () => {
      const [random, numRuns] = [seededRandom(5), 12]
      let restored = 0
      for (const parts of fc.sample(fc.tuple(anyLog(), anyLog()), { numRuns, seed: 5 })) {
        await opened()
        const records = recordsOf(parts.flat())
        const first = random.int(0, records.length)
        for (const end of [first, (first + records.length) >> 1, records.length]) {
          const some = records.slice(0, end)
          const replayed = await knownTo(some)
          const nodes = [0, 1].map((n) => {
            const everyRecords = random.int(1, 6)
            return knownTo(some, {
              store: open(),
              everyRecords,
              live: end === first,
              settles: n === 0,
            })
          })
          for (const { known, read, aside } of await Promise.all(nodes)) {
            assert.deepEqual(known, replayed.known)
            assert.deepEqual(aside, [])
            restored += replayed.read - read
          }
        }
      }
      assert.ok(restored > 100, `${restored} records were not read again`)
    })

    it('that were replaced stay for ten minutes, for those who read them', async () => {
      await opened()
      const store = open()
      for (const text of ['a', 'b', 'c']) await addTo(store, blocksOf(text), { anew: true })
      assert.equal(await countOf('snapshots'), 3)
      await run(`update nodes.snapshots set written_at = now() - interval '11 minutes'`)
      await addTo(store, blocksOf('d'), { anew: false })
      assert.equal(await countOf('snapshots'), 2)
      assert.equal(await countOf('snapshot_pieces'), 2)
      assert.deepEqual(await textsIn(open()), ['c', 'd'])
    })
  })

  async function countOf(table: string): Promise<number> {
    const text = `select count(*) from nodes.${table}`
    const { rows } = await database().query({ name: `count of ${table}`, text })
    return Number(rows[0]?.[0])
  }
}

/** Of one piece or part, chosen by chance. */
async function damageOne(
  run: (text: string) => Promise<void>,
  random: Random,
): Promise<() => Promise<void>> {
  for (const table of tables.slice(0, 2)) {
    await run(`create table nodes.kept_${table} as select * from nodes.${table}`)
  }
  const at = random.int(0, 1_000_000)
  const one = `(select ctid from nodes.snapshot_pieces
                 order by writing, piece
                offset ${at} % (select count(*) from nodes.snapshot_pieces) limit 1)`
  const byte = `${at} % length(bytes)`
  const damages = [
    `update nodes.snapshot_pieces
        set bytes = set_byte(bytes, ${byte}, get_byte(bytes, ${byte}) # ${1 << random.int(0, 7)})
      where ctid = ${one}`,
    `update nodes.snapshot_pieces set bytes = substring(bytes, 1, ${byte}) where ctid = ${one}`,
    `update nodes.snapshot_pieces set bytes = bytes || substring(bytes, 1, ${random.int(1, 40)})
      where ctid = ${one}`,
    `delete from nodes.snapshot_pieces where ctid = ${one}`,
    `delete from nodes.snapshots where number = ${random.int(1, 2)}`,
    `update nodes.snapshots set pieces = pieces + 1 where number = ${random.int(1, 3)}`,
    `update nodes.snapshots set digest = 'x' || digest where number = ${random.int(1, 3)}`,
    `update nodes.snapshots set is_base = not is_base where number = 1`,
    `update nodes.snapshots set writing = (select writing from nodes.snapshots where number = 2)`,
  ]
  await run(damages[random.int(0, damages.length - 1)] ?? '')
  return async () => {
    await run(emptySnapshotTables)
    for (const table of tables.slice(0, 2)) {
      await run(`insert into nodes.${table} select * from nodes.kept_${table}`)
      await run(`drop table nodes.kept_${table}`)
    }
  }
}
