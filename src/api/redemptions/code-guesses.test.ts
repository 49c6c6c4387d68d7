import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuessCount, GuessCounts } from '../../ports/guess-counts.ts'
import { CodeGuesses, unknownCodesMax } from './code-guesses.ts'

test('who asks for unknown codes is told nothing after some, for a minute from the first', async () => {
  let now = 0
  const guesses = new CodeGuesses({ clock: { monotonic: () => now } })
  assert.ok(unknownCodesMax >= 10 && unknownCodesMax <= 100)
  for (let n = 0; n < unknownCodesMax; n++) {
    assert.equal(await guesses.retryAfterSeconds('ann'), 0)
    assert.equal(await guesses.note('ann'), 0)
  }
  const late = await guesses.note('ann')
  assert.equal(late, 60, 'those that were under way are not answered either')
  now = 59_001
  assert.equal(await guesses.retryAfterSeconds('ann'), 1)
  assert.equal(await guesses.retryAfterSeconds('bob'), 0, 'others are not touched')
  now = 60_000
  assert.equal(await guesses.retryAfterSeconds('ann'), 0)
})

test('ten unknown codes a minute are always answered', async () => {
  let now = 0
  const guesses = new CodeGuesses({ clock: { monotonic: () => now } })
  for (let n = 0; n < 500; n++) {
    assert.equal(await guesses.note('ann'), 0)
    now += 6_000
  }
})

test('of many callers the latest are remembered', async () => {
  const guesses = new CodeGuesses({ clock: { monotonic: () => 0 } })
  for (let n = 0; n < unknownCodesMax; n++) await guesses.note('ann')
  for (let n = 0; n < 9_999; n++) await guesses.note(`caller-${n}`)
  assert.ok((await guesses.retryAfterSeconds('ann')) > 0)
  await guesses.note('one more')
  assert.equal(await guesses.retryAfterSeconds('ann'), 0)
})

test('nodes together answer no more than one, and each knows of the others when it is asked', async () => {
  const { nodes } = startNodes(3)
  const told = await Promise.all(
    Array.from({ length: 60 }, (_, n) => Promise.resolve(nodes[n % 3]?.note('ann'))),
  )
  assert.equal(told.filter((seconds) => seconds === 0).length, unknownCodesMax)
  for (const node of nodes) assert.equal(await node.retryAfterSeconds('ann'), 60)
  for (const node of nodes) assert.equal(await node.note('bob'), 0)
})

test('who was told nothing at one node is told nothing at the others until the same moment', async () => {
  const { nodes, counts, time } = startNodes(2)
  const [one, other] = nodes
  for (let n = 0; n < unknownCodesMax; n++) await one?.note('ann')
  time.now = 30_000
  assert.equal(await other?.retryAfterSeconds('ann'), 30)
  counts.isAway = true
  assert.equal(await other?.retryAfterSeconds('ann'), 30, 'what it has learned it knows')
  time.now = 60_000
  assert.equal(await other?.retryAfterSeconds('ann'), 0)
})

test('nodes that cannot count together refuse nobody for it, and count by themselves', async () => {
  const { nodes, counts } = startNodes(2)
  counts.isAway = true
  for (const node of nodes) {
    for (let n = 0; n < unknownCodesMax; n++) {
      assert.equal(await node.retryAfterSeconds('ann'), 0)
      assert.equal(await node.note('ann'), 0)
    }
    assert.equal(await node.note('ann'), 60)
  }
})

function startNodes(count: number) {
  const time = { now: 0 }
  const counts = new CountsInMemory(time)
  const clock = { monotonic: () => time.now }
  const nodes = Array.from({ length: count }, () => new CodeGuesses({ clock, shared: counts }))
  return { nodes, counts, time }
}

class CountsInMemory implements GuessCounts {
  isAway = false
  private readonly time: { readonly now: number }
  private readonly byCaller = new Map<string, { unknown: number; until: number }>()

  constructor(time: { readonly now: number }) {
    this.time = time
  }

  async add(caller: string, ms: number): Promise<GuessCount | null> {
    if (this.isAway) return null
    const { unknown = 0, until = this.time.now + ms } = this.byCaller.get(caller) ?? {}
    this.byCaller.set(caller, { unknown: unknown + 1, until })
    return this.look(caller)
  }

  async look(caller: string): Promise<GuessCount | null> {
    if (this.isAway) return null
    const { unknown = 0, until = 0 } = this.byCaller.get(caller) ?? {}
    return { unknown, leftMs: until - this.time.now }
  }

  close(): void {}
}
