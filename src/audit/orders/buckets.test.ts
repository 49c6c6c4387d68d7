import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Scratch } from '../../ports/scratch.ts'
import { bucketOf, bytesOf, createBuckets, type Entry, entriesIn, textOf } from './buckets.ts'

type Kind = 'row' | 'record'
type Given = { key: string; kind: Kind; text: string }

const kinds = ['row', 'record'] as const
const limits = { buckets: 8, gatheredBytesMax: 200, readBytesMax: 150, groupBytesMax: 60 }
const anyRow: Given = { key: 'ann', kind: 'row', text: '' }
const given: fc.Arbitrary<Given[]> = fc.array(
  fc.record({
    key: fc.constantFrom('ann', 'bob', 'cat', 'dan', '김'),
    kind: fc.constantFrom<Kind>('row', 'record'),
    text: fc.string({ maxLength: 90, unit: 'grapheme' }),
  }),
  { maxLength: 60 },
)

describe('buckets', () => {
  for (const [where, open] of [
    ['in memory', () => null],
    ['beside it', scratchInMemory],
  ] as const) {
    test(`give all of a key at once, in its order, with what is put aside ${where}`, async () => {
      await fc.assert(
        fc.asyncProperty(given, async (entries) => {
          const groups = await groupsOf(entries, open())
          const expected = Map.groupBy(entries.map(placed), ({ key }) => key)
          for (const group of groups) {
            for (const [key, found] of Map.groupBy(group, (entry) => entry.key)) {
              assert.deepEqual(found, expected.get(key))
              expected.delete(key)
            }
          }
          assert.equal(expected.size, 0)
        }),
      )
    })
  }

  test('keep what two put aside at the same time', async () => {
    const scratch = scratchInMemory()
    const buckets = createBuckets<Kind>(kinds, scratch, limits)
    const all = Array.from({ length: 300 }, (_, n) => placed({ ...anyRow, text: `${n}` }, n))
    await Promise.all(
      [0, 1, 2].map(async (lane) => {
        for (const one of all.filter((_, n) => n % 3 === lane)) {
          buckets.add(one.key, one.kind, { bytes: `${one.key} ${one.text}`, place: one })
          await buckets.settle()
        }
      }),
    )
    const found: number[] = []
    for await (const group of buckets.groups()) {
      found.push(...entriesIn(group, kinds).map((entry) => Number(read(entry).text)))
    }
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      all.map((_, n) => n),
    )
    assert.ok(scratch.written() > 300 * 27)
  })

  test('put nothing aside of what is small, and a group is small where there is much', async () => {
    const scratch = scratchInMemory()
    const entry = (n: number): Given => ({ key: `key-${n}`, kind: 'row', text: 'a row' })
    // More is read at once than two of them, and a group has room for one.
    const few = await groupsOf([0, 1, 2, 3, 4].map(entry), scratch)
    assert.equal(few.flat().length, 5)
    for (const group of few) {
      assert.equal(new Set(group.map(({ key }) => bucketOf(key, limits.buckets))).size, 1)
    }
    assert.equal(scratch.written(), 0)
    const many = Array.from({ length: 64 }, (_, n) => entry(n))
    const groups = await groupsOf(many, scratch)
    assert.ok(scratch.written() > 64 * 5)
    assert.equal(groups.length, limits.buckets)
  })

  test('have about as many of the keys that differ in a few digits alone', () => {
    const sizes = new Map<number, number>()
    for (let n = 0; n < 20_000; n += 1) {
      const bucket = bucketOf(`fill-${String(n).padStart(38, '0')}`, 1_000)
      sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1)
    }
    assert.ok(Math.max(...sizes.values()) < 60, `${Math.max(...sizes.values())} of 20 on average`)
    assert.ok(sizes.size > 990, `${sizes.size} of 1,000 are used`)
  })
})

function placed({ key, kind, text }: Given, n: number) {
  return { key, kind, text, partition: n % 3, offset: 2 ** 40 + n, appendedAt: 1e12 + n }
}

async function groupsOf(entries: readonly Given[], scratch: Scratch | null) {
  const buckets = createBuckets<Kind>(kinds, scratch, limits)
  for (const { key, kind, text, ...place } of entries.map(placed)) {
    buckets.add(key, kind, { bytes: `${key} ${text}`, place })
    await buckets.settle()
  }
  const groups: ReturnType<typeof read>[][] = []
  for await (const group of buckets.groups()) groups.push(entriesIn(group, kinds).map(read))
  return groups
}

function read(entry: Entry<Kind>) {
  const { content: _, start: __, end: ___, ...rest } = entry
  assert.equal(bytesOf(entry).toString(), textOf(entry))
  const [key = '', ...words] = textOf(entry).split(' ')
  return { key, text: words.join(' '), ...rest }
}

function scratchInMemory(): Scratch & { written(): number } {
  let bytes = Buffer.alloc(0)
  return {
    /** What it is given must stay as it is until it is done. */
    async write(more) {
      const position = bytes.length
      bytes = Buffer.concat([bytes, more])
      await new Promise((resolve) => setImmediate(resolve))
      bytes.set(more, position)
      return position
    },
    read: async (position, length) => Buffer.from(bytes.subarray(position, position + length)),
    close: async () => {},
    written: () => bytes.length,
  }
}
