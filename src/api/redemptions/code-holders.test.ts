// A code is known from the moment its winner was told it, though its row comes later; and however
// many wait for their rows, the database is asked one question at a time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../adapters/clock-system.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { codeText } from '../../domain/coupons/code-text.ts'
import type { HeldCoupon } from '../../ports/coupons.ts'
import { PortError } from '../../ports/port-error.ts'
import { CodeHolders } from './code-holders.ts'

const codes = ['0123456789AB', 'CDEFGHJKMNPQ', 'RSTVWXYZ0123'].map((body) => codeText(body, 2))
const readUpTo = () => [0, 7]
const rowOf = (code: string) => ({ code, couponId: 'tea', userId: `has ${code}` }) as HeldCoupon

test('all who wait for a row share each question, and are told as soon as it is there', async () => {
  const asked: string[][] = []
  let rows: HeldCoupon[] = []
  const store = {
    async byCode(of: readonly string[]) {
      asked.push([...of])
      if (asked.length === 5) rows = codes.map(rowOf)
      return rows.filter(({ code }) => of.includes(code))
    },
    positions: async () => new Map(),
  }
  const holders = new CodeHolders({ clock: systemClock(), store: () => store, readUpTo })
  const everybody = Array.from({ length: 60 }, (_, n) => codes[n % codes.length] ?? '')
  const found = await Promise.all(everybody.map((code) => holders.find(code)))
  assert.deepEqual(
    found.map((held) => held?.userId),
    everybody.map((code) => `has ${code}`),
  )
  assert.ok(asked.length <= 20, `${asked.length} questions`)
})

test('what is no code asks nobody, and where SQL is away nobody is told that it is none', async () => {
  const holders = new CodeHolders({ clock: systemClock(), store: () => null, readUpTo })
  assert.equal(await holders.find('no code'), null)
  await assert.rejects(holders.find(codes[0] ?? ''), PortError)
})

for (const [rows, expected] of [
  [7, null],
  [6, /the rows are behind the log/],
] as const) {
  const what = expected === null ? 'nobody’s, once' : 'not said to be nobody’s, while'
  test(`a code without a row is ${what} rows are at ${rows} of what was read`, async () => {
    const clock = virtualClock(0)
    const store = {
      byCode: async () => [],
      positions: async () => new Map([[1, { next: rows, published: 0 }]]),
    }
    const holders = new CodeHolders({ clock, store: () => store, readUpTo })
    const found = holders.find(codes[0] ?? '')
    const checked = expected === null ? found : assert.rejects(found, expected)
    await clock.runUntil(2_000)
    assert.equal((await checked) ?? null, null)
  })
}
