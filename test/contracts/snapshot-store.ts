// What every store of snapshots promises: all that was added and nothing else, as a whole or not at
// all, whatever happened to it meanwhile.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { SnapshotStore } from '../../src/ports/snapshots.ts'
import type { Random } from '../simulation/random.ts'
import { seededRandom } from '../simulation/random.ts'
import { testOpened } from './opened.ts'

export type OpenedSnapshots = {
  /** As a process that starts now would open it. */
  open(): SnapshotStore
  /** Damages what is kept; resolves to what puts it right again. */
  damage(random: Random): Promise<() => Promise<void>>
  /** Puts into the last part what a part of another snapshot has there. */
  mix(): Promise<void>
  close(): Promise<void>
}

export const blocksOf = (...texts: string[]) => texts.map((text) => Buffer.from(text))
export const anyTurn = { records: 1, lateRecords: 1 }

export async function textsIn(store: SnapshotStore): Promise<string[]> {
  return (await Array.fromAsync(store.blocks())).flat().map(String)
}

/** With the turn that it needs, which it must get. */
export async function addTo(
  store: SnapshotStore,
  blocks: Iterable<Buffer>,
  options: { anew: boolean; records?: number },
): Promise<void> {
  const { records = 1, anew } = options
  assert.notEqual(await store.turn({ records, lateRecords: 1 }), null)
  await store.add(blocks, { anew })
}

/** Three parts, the last by a process that has begun from the others. */
export async function addThree({ open }: Pick<OpenedSnapshots, 'open'>): Promise<string[]> {
  const store = open()
  await addTo(store, blocksOf('a', '', 'b'), { anew: true })
  await addTo(store, blocksOf('c'.repeat(100_000), 'd'), { anew: false })
  const next = open()
  await textsIn(next)
  await addTo(next, blocksOf('e'), { anew: false })
  assert.equal(next.count(), 3)
  return ['a', '', 'b', 'c'.repeat(100_000), 'd', 'e']
}

export function snapshotStoreContract(
  name: string,
  opened: () => Promise<OpenedSnapshots>,
  damages: number,
): void {
  describe(`snapshots: ${name}`, () => {
    const test = testOpened(opened)

    test('give back what was added, block by block, however large', async ({ open }) => {
      assert.deepEqual(await textsIn(open()), [])
      assert.equal(open().count(), 0)
      const texts = await addThree({ open })
      assert.deepEqual(await textsIn(open()), texts)
      const large = Buffer.alloc(9 * 1024 * 1024, 'x')
      const store = open()
      await textsIn(store)
      await addTo(store, [large, Buffer.from('z')], { anew: true })
      assert.equal(store.count(), 1)
      const [first, second] = (await Array.fromAsync(open().blocks())).flat()
      assert.ok(first?.equals(large))
      assert.equal(String(second), 'z')
    })

    test('keep what there was until the new one is whole, and go on behind', async ({ open }) => {
      const texts = await addThree({ open })
      const store = open()
      await textsIn(store)
      function* failing() {
        yield* blocksOf('x'.repeat(200_000))
        throw new Error('given up')
      }
      for (const anew of [true, false]) {
        await assert.rejects(addTo(store, failing(), { anew, records: 1_000 }), /given up/)
        assert.deepEqual(await textsIn(open()), texts)
      }
      await addTo(store, blocksOf('new'), { anew: true })
      await addTo(store, blocksOf('newer'), { anew: false })
      assert.deepEqual(await textsIn(open()), ['new', 'newer'])
      assert.equal(store.count(), 2)
    })

    test('give nothing as whole that was damaged, cut, lost or mixed', async (kept) => {
      const texts = await addThree(kept)
      const random = seededRandom(11)
      for (let n = 0; n < damages; n++) {
        const putRight = await kept.damage(random)
        await assert.rejects(textsIn(kept.open()), { name: 'Error' }, `round ${n}`)
        await putRight()
      }
      assert.deepEqual(await textsIn(kept.open()), texts)
      await kept.mix()
      await assert.rejects(textsIn(kept.open()), /is damaged/)
      // What is made anew stands for itself.
      const store = kept.open()
      await textsIn(store).catch(() => {})
      await addTo(store, blocksOf('new'), { anew: true })
      assert.deepEqual(await textsIn(kept.open()), ['new'])
    })

    test('are added to by nobody who has not read them', async ({ open }) => {
      await addThree({ open })
      const store = open()
      assert.equal(await store.turn({ records: 1_000, lateRecords: 1 }), 'anew')
      await assert.rejects(store.add(blocksOf('x'), { anew: false }), /nothing to add to/)
    })
  })
}
