// What every adapter of the proof's ports must do, writer and reader over the same rows. `open`
// gives empty ones.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { leafHash } from '../../src/domain/proof/tree.ts'
import type {
  ProofBatch,
  ProofEntries,
  ProofReader,
  ProofStore,
  PublishedCheckpoint,
} from '../../src/ports/proof.ts'
import { testOpened } from './opened.ts'

export type ProofUnderTest = {
  store: ProofStore
  reader: ProofReader
  refusals(): Promise<string[]>
  close(): Promise<void>
}
type Test = (title: string, run: (proof: ProofUnderTest) => Promise<void>) => void

const ann = 'AAECAwQFBgcICQoLDA0ODw'
const bob = 'EAECAwQFBgcICQoLDA0ODw'
const hash = leafHash('a hash')
const who = (n: number) => (n % 2 === 0 ? ann : bob)
const leafOf = (n: number) => `{"kind":"claim","n":${n},"who":"${who(n)}"}`

export function proofContract(name: string, open: () => Promise<ProofUnderTest>): void {
  describe(`the contract of the proof's rows: ${name}`, () => {
    const test = testOpened(open)
    batchTests(test)
    readTests(test)
    checkpointTests(test)
  })
}

function batch(changes: Partial<ProofBatch> = {}): ProofBatch {
  const none = { partition: 0, expected: 0, next: 1, trees: [], entries: [], nodes: [] }
  return { ...none, ...changes }
}

/** `count` leaves of a coupon from `first` on. */
function grown(
  couponId: string,
  first: number,
  count: number,
): Pick<ProofBatch, 'trees' | 'entries'> {
  const numbers = Array.from({ length: count }, (_, n) => first + n)
  const entries: ProofEntries = {
    couponId,
    first,
    leaves: numbers.map(leafOf),
    whos: numbers.map(who),
  }
  const tree = { size: first + count, subtrees: [hash, hash] }
  return { trees: [{ couponId, partition: 0, at: 1_770_000_000_000, tree }], entries: [entries] }
}

function published(changes: Partial<PublishedCheckpoint> = {}): PublishedCheckpoint {
  const { couponId = 'spring', size = 1, signer = 'key 1' } = changes
  return { couponId, size, signer, partition: 0, note: `${couponId} ${size} ${signer}`, ...changes }
}

function batchTests(test: Test): void {
  test('has nothing where nothing was written', async ({ store, reader, refusals }) => {
    assert.deepEqual(await store.load([0, 1], 'key 1'), {
      positions: new Map(),
      trees: [],
      unmet: [],
    })
    assert.deepEqual(await reader.head('spring', 'key 1'), {
      size: 0,
      next: 0,
      published: 0,
      checkpoint: null,
    })
    assert.deepEqual(await reader.leaves('spring', 0, 9), [])
    assert.deepEqual(await reader.claimsOf('spring', ann), [])
    assert.deepEqual(await refusals(), [])
  })

  test('stores trees, leaves and the position together', async ({ store, reader }) => {
    const first = grown('spring', 0, 3)
    assert.equal(await store.apply(batch({ next: 4, ...first })), 'applied')
    assert.deepEqual(await store.positions(), new Map([[0, { next: 4 }]]))
    const { positions, trees } = await store.load([0], 'key 1')
    assert.deepEqual(positions, new Map([[0, 4]]))
    assert.deepEqual(trees, [{ ...first.trees[0], signed: 0 }])
    assert.deepEqual((await store.load([1], 'key 1')).trees, [], 'of another partition')
    const head = await reader.head('spring', 'key 1')
    assert.deepEqual([head.size, head.next], [3, 4])
    const second = grown('spring', 3, 2)
    assert.equal(await store.apply(batch({ expected: 4, next: 9, ...second })), 'applied')
    assert.deepEqual((await store.load([0], 'key 1')).trees, [{ ...second.trees[0], signed: 0 }])
    assert.equal(await store.apply(batch({ expected: 9, next: 10 })), 'applied', 'without leaves')
  })

  test('fences whoever does not go on from where it is, without effect', async ({
    store,
    reader,
  }) => {
    await store.apply(batch({ next: 4, ...grown('spring', 0, 3) }))
    for (const [expected, next] of [
      [0, 4],
      [3, 5],
      [5, 6],
    ] as const) {
      const late = batch({ expected, next, ...grown('autumn', 0, 1) })
      assert.equal(await store.apply(late), 'fenced')
    }
    assert.deepEqual(await store.positions(), new Map([[0, { next: 4 }]]))
    assert.equal((await reader.head('autumn', 'key 1')).size, 0)
  })

  test('drops all that follows from the log, and nothing that was published', async (proof) => {
    const { store, reader, refusals } = proof
    const node = { couponId: 'spring', level: 8, index: 0, hash }
    await store.apply(batch({ next: 4, ...grown('spring', 0, 3), nodes: [node] }))
    await store.publish([published({ size: 3 })])
    await store.refuse('it is another log')
    await store.refuse('it is another log')
    assert.deepEqual(await refusals(), ['it is another log'])
    await store.drop()
    assert.deepEqual(await refusals(), [])
    assert.deepEqual(await store.positions(), new Map())
    assert.deepEqual(await reader.leaves('spring', 0, 9), [])
    await assert.rejects(reader.nodes('spring', [{ level: 8, index: 0 }]), /has no node/)
    const { size, published: most, checkpoint } = await reader.head('spring', 'key 1')
    assert.deepEqual([size, most, checkpoint?.size], [0, 3, 3])
    assert.equal(await store.apply(batch({ next: 4, ...grown('spring', 0, 3) })), 'applied')
  })
}

function readTests(test: Test): void {
  test('gives leaves from any number to any other, however they were stored', async (proof) => {
    const { store, reader } = proof
    let size = 0
    for (const count of [1, 4, 2, 1]) {
      const place = { expected: size, next: size + count }
      await store.apply(batch({ ...place, ...grown('spring', size, count) }))
      size += count
    }
    const all = Array.from({ length: size }, (_, n) => leafOf(n))
    for (let from = 0; from <= size + 1; from++) {
      for (let to = from; to <= size + 1; to++) {
        const found = await reader.leaves('spring', from, to)
        assert.deepEqual(found, all.slice(from, to), `${from} to ${to}`)
      }
    }
  })

  test('gives hashes in the order in which they are asked for', async ({ store, reader }) => {
    const other = leafHash('another')
    await store.apply(
      batch({
        nodes: [
          { couponId: 'spring', level: 8, index: 0, hash },
          { couponId: 'spring', level: 9, index: 0, hash: other },
          { couponId: 'autumn', level: 8, index: 1, hash: other },
        ],
      }),
    )
    const places = [
      { level: 9, index: 0 },
      { level: 8, index: 0 },
    ]
    assert.deepEqual(await reader.nodes('spring', places), [other, hash])
    await assert.rejects(reader.nodes('spring', [{ level: 8, index: 1 }]), /has no node/)
  })

  test('finds the claims of one who, of this coupon alone, and no other leaf', async (proof) => {
    const { store, reader } = proof
    const { trees, entries } = grown('spring', 0, 5)
    const revoked = `{"kind":"revoked","n":5,"who":"${ann}"}`
    const [own] = entries
    assert.ok(own)
    const more = { ...own, leaves: [...own.leaves, revoked] }
    await store.apply(batch({ next: 6, trees, entries: [more, ...grown('autumn', 0, 1).entries] }))
    await store.apply(batch({ expected: 6, next: 8, ...grown('spring', 6, 2) }))
    const numbers = (found: { n: number; leaf: string }[]) => found.map(({ n }) => n)
    assert.deepEqual(numbers(await reader.claimsOf('spring', ann)), [0, 2, 4, 6])
    assert.deepEqual(numbers(await reader.claimsOf('spring', bob)), [1, 3, 7])
    assert.deepEqual(await reader.claimsOf('autumn', ann), [{ n: 0, leaf: leafOf(0) }])
    // The same beginning, by which it is looked for, and another end.
    assert.deepEqual(await reader.claimsOf('spring', `${ann.slice(0, 20)}_w`), [])
  })
}

function checkpointTests(test: Test): void {
  test('serves the newest of the signer that asks, and knows the largest of all', async (proof) => {
    const { store, reader } = proof
    await store.apply(batch({ next: 4, ...grown('spring', 0, 5) }))
    await store.publish([published({ size: 2 }), published({ size: 4 })])
    await store.publish([published({ size: 5, signer: 'key 2' }), published({ size: 2 })])
    await store.publish([published({ couponId: 'autumn', size: 9 })])
    const head = await reader.head('spring', 'key 1')
    assert.deepEqual(head.checkpoint, { size: 4, note: 'spring 4 key 1' })
    assert.equal(head.published, 5)
    assert.equal((await reader.head('spring', 'key 3')).checkpoint, null)
    const { trees } = await store.load([0], 'key 1')
    assert.deepEqual(
      trees.map(({ signed }) => signed),
      [4],
    )
  })

  test('keeps what was published first', async ({ store }) => {
    await store.publish([published({ size: 2 })])
    await store.publish([published({ size: 2, note: 'another' }), published({ size: 3 })])
    assert.deepEqual(await store.published(), [published({ size: 2 }), published({ size: 3 })])
  })

  test('adds a signature that comes later, once, and none of another text', async (proof) => {
    const { store } = proof
    const signed = (...lines: string[]) => `text\n\n${lines.map((line) => `— ${line}\n`).join('')}`
    const [log, one, two] = ['log AAAAAAA=', 'one AAAAAAE=', 'two AAAAAAI=']
    await store.publish([published({ size: 2, note: signed(log) })])
    for (const by of [one, two, one]) {
      await store.publish([published({ size: 2, note: signed(log, by) })])
    }
    await store.publish([published({ size: 2, note: signed(log) })])
    await store.publish([published({ size: 2, note: `other ${signed(log, 'three AAAAAAM=')}` })])
    const all = await store.published()
    assert.deepEqual(all, [published({ size: 2, note: signed(log, one, two) })])
  })

  test('says what was published beyond the trees as they are, of these partitions', async (proof) => {
    const { store } = proof
    await store.apply(batch({ next: 4, ...grown('spring', 0, 3) }))
    await store.publish([3, 5, 4].map((size) => published({ size })))
    await store.publish([published({ couponId: 'autumn', size: 1 })])
    await store.publish([published({ couponId: 'winter', size: 1, partition: 1 })])
    const { unmet } = await store.load([0], 'key 1')
    assert.deepEqual(unmet.toSorted(), ['autumn 1 key 1', 'spring 4 key 1', 'spring 5 key 1'])
  })
}
