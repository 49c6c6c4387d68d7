import assert from 'node:assert/strict'
import { json } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { longAnswer, longLines } from './long-answers.ts'

describe('a long answer', () => {
  it('is what it would be as one text, however many items there are', async () => {
    for (const count of [0, 1, 249, 250, 251, 1_000]) {
      const items = Array.from({ length: count }, (_, n) => ({ n, text: `"${n}",` }))
      const whole = { a: 1, b: [2], items, next: { after: 'x' } }
      const { next, ...rest } = whole
      const before = { a: rest.a, b: rest.b }
      assert.deepEqual(
        await json(longAnswer({ before, name: 'items', items, after: { next } })),
        whole,
      )
      assert.deepEqual(await json(longAnswer({ name: 'items', items })), { items })
      const inMany = longAnswer({ name: 'items', items, itemsPerPiece: 3 })
      assert.deepEqual(await json(inMany), { items })
    }
  })

  it('lets others have their turn while it is written, and makes no item before its time', async () => {
    let turns = 0
    let isDone = false
    const count = () => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    let made = 0
    let madeAtOnceMax = 0
    let turnsBefore = -1
    let madeInTurn = 0
    const items = Array.from({ length: 100_000 }, (_, n) => n)
    const toJson = (n: number) => {
      made += 1
      madeInTurn = turns === turnsBefore ? madeInTurn + 1 : 1
      turnsBefore = turns
      madeAtOnceMax = Math.max(madeAtOnceMax, madeInTurn)
      return { n }
    }
    const read = (await json(longAnswer({ name: 'items', items, toJson }))) as { items: unknown[] }
    isDone = true
    assert.equal(read.items.length, items.length)
    assert.equal(made, items.length)
    assert.ok(madeAtOnceMax <= 500, `${madeAtOnceMax} in one turn`)
  })

  it('of lines has each of them whole, in pieces of some of them', async () => {
    for (const [count, pieces] of [
      [0, 2],
      [3, 3],
      [4_000, 5],
    ] as const) {
      const items = Array.from({ length: count }, (_, n) => ({
        n,
        text: `😀,\n${'한'.repeat(70)}`,
      }))
      const lines = items.map((item) => JSON.stringify(item)).join(',\n')
      const written = await longLines({ name: 'items', lines, after: { next: ['x'] } }).toArray()
      assert.equal(written.length, pieces, `${count} items`)
      const text = Buffer.concat(written.map((piece) => Buffer.from(piece))).toString()
      assert.deepEqual(JSON.parse(text), { items, next: ['x'] })
    }
  })
})
