// What every adapter of the Gate port must do. `open` gives a gate with these limits that is here,
// on state that nobody else uses; `beside` another one on the same state, as another node has;
// `advance` lets that much time go by.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Gate, GateCoupon, GateLimits, GateVerdict } from '../../src/ports/gate.ts'

export type GateUnderTest = {
  gate: Gate
  beside(): Promise<Gate>
  advance(ms: number): Promise<void>
  close(): Promise<void>
}
export type OpenGate = (limits: Partial<GateLimits>) => Promise<GateUnderTest>

let coupons = 0

/** Nobody else's, even where the state outlives the tests. */
function coupon(known: Partial<GateCoupon> = {}): GateCoupon {
  const epoch = `0-${coupons++}-${process.pid}-${Date.now()}`
  const closesAt = Number.POSITIVE_INFINITY
  return { couponId: 'sale', epoch, quantity: 3, issued: 0, closesAt, ...known }
}

async function ask(gate: Gate, of: GateCoupon, users: string[]): Promise<GateVerdict[]> {
  return gate.ask(users.map((userId) => ({ userId, coupon: of })))
}

export function gateContract(name: string, skip: string | false, open: OpenGate): void {
  type Run = (parts: GateUnderTest) => Promise<void>
  async function withGate(limits: Partial<GateLimits>, run: Run): Promise<void> {
    const parts = await open(limits)
    try {
      await run(parts)
    } finally {
      await parts.close()
    }
  }

  describe(`the gate contract: ${name}`, { skip }, () => {
    it('lets as many through as are left, in their order, and calls it full for the others', () =>
      withGate({}, async ({ gate }) => {
        const sale = coupon()
        const verdicts = await ask(gate, sale, ['a', 'b', 'c', 'd', 'e'])
        assert.deepEqual(verdicts, ['pass', 'pass', 'pass', 'full', 'full'])
        assert.deepEqual(await ask(gate, sale, ['f']), ['full'])
      }))

    it('knows a user who is on the way, in the same batch, in a later one and from another node', () =>
      withGate({ seenMs: 60_000 }, async ({ gate, beside }) => {
        const sale = coupon({ quantity: 10 })
        assert.deepEqual(await ask(gate, sale, ['a', 'b', 'a']), ['pass', 'pass', 'seen'])
        assert.deepEqual(await ask(gate, sale, ['b', 'c']), ['seen', 'pass'])
        const other = await beside()
        assert.deepEqual(await ask(other, sale, ['c', 'a', 'd']), ['seen', 'seen', 'pass'])
        await other.close()
      }))

    it('counts a user who asks again only once', () =>
      withGate({ seenMs: 60_000 }, async ({ gate }) => {
        const sale = coupon({ quantity: 2 })
        await ask(gate, sale, ['a', 'a', 'a', 'a'])
        assert.deepEqual(await ask(gate, sale, ['b', 'c']), ['pass', 'full'])
      }))

    it('lets a user through again who has been on the way for too long', () =>
      withGate({ seenMs: 100 }, async ({ gate, advance }) => {
        const sale = coupon()
        assert.deepEqual(await ask(gate, sale, ['a']), ['pass'])
        await advance(150)
        assert.deepEqual(await ask(gate, sale, ['a']), ['pass'])
      }))

    it('does not stay full where some of those let through never reached the log', () =>
      withGate({ fullMs: 100 }, async ({ gate, advance }) => {
        const sale = coupon()
        await ask(gate, sale, ['a', 'b', 'c', 'd'])
        await advance(150)
        // Two of the three have won by now, as the node that asks knows; the third was lost.
        const verdicts = await ask(gate, { ...sale, issued: 2 }, ['e', 'f'])
        assert.deepEqual(verdicts, ['pass', 'full'])
      }))

    it('stays full for as long as it has waited in vain for no more than fullMs', () =>
      withGate({ fullMs: 60_000 }, async ({ gate, advance }) => {
        const sale = coupon()
        await ask(gate, sale, ['a', 'b', 'c', 'd'])
        await advance(50)
        assert.deepEqual(await ask(gate, { ...sale, issued: 2 }, ['e']), ['full'])
      }))

    it('lets through what a restock adds, as soon as one node knows of it', () =>
      withGate({ fullMs: 60_000 }, async ({ gate, beside }) => {
        const sale = coupon()
        await ask(gate, sale, ['a', 'b', 'c', 'd'])
        const restocked = { ...sale, quantity: 5 }
        assert.deepEqual(await ask(gate, restocked, ['e']), ['pass'])
        const behind = await beside()
        assert.deepEqual(await ask(behind, sale, ['f', 'g']), ['pass', 'full'])
        await behind.close()
      }))

    it('starts at what is issued where it remembers nothing', () =>
      withGate({}, async ({ gate }) => {
        const sale = coupon({ quantity: 100, issued: 98 })
        assert.deepEqual(await ask(gate, sale, ['a', 'b', 'c']), ['pass', 'pass', 'full'])
      }))

    it('counts those who won without it', () =>
      withGate({}, async ({ gate }) => {
        const sale = coupon({ quantity: 10 })
        await ask(gate, sale, ['a'])
        const verdicts = await ask(gate, { ...sale, issued: 9 }, ['b', 'c'])
        assert.deepEqual(verdicts, ['pass', 'full'])
      }))

    it('keeps coupons apart, and coupons of the same id that were created at another place', () =>
      withGate({}, async ({ gate }) => {
        const [one, two] = [coupon({ quantity: 1 }), coupon({ couponId: 'other', quantity: 1 })]
        const claims = ['a', 'b'].flatMap((userId) => [
          { userId, coupon: one },
          { userId, coupon: two },
        ])
        assert.deepEqual(await gate.ask(claims), ['pass', 'pass', 'full', 'full'])
        const again = coupon({ quantity: 1 })
        assert.deepEqual(await ask(gate, again, ['a']), ['pass'])
      }))

    it('judges a batch of 700 claims of three coupons in their order', () =>
      withGate({}, async ({ gate }) => {
        const sales = [100, 200, 0].map((quantity) => coupon({ quantity: quantity + 1 }))
        const claims = Array.from({ length: 700 }, (_, n) => {
          const of = sales[n % 3]
          assert.ok(of)
          return { userId: `user-${n}`, coupon: of }
        })
        const verdicts = await gate.ask(claims)
        const passed = sales.map((of) =>
          claims.flatMap(({ coupon: own }, n) =>
            own === of && verdicts[n] === 'pass' ? [Math.floor(n / 3)] : [],
          ),
        )
        const first = (count: number) => Array.from({ length: count }, (_, n) => n)
        assert.deepEqual(passed, [first(101), first(201), first(1)])
      }))

    it('takes every user id there can be', () =>
      withGate({ seenMs: 60_000 }, async ({ gate }) => {
        const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, n) => 33 + n))
        const users = [
          printable,
          '{c:sale}',
          '*3',
          '-1',
          '+inf',
          'x'.repeat(128),
          '%n',
          '김 철수',
          '🎟'.repeat(128),
        ]
        const sale = coupon({ quantity: 100 })
        assert.deepEqual(new Set(await ask(gate, sale, users)), new Set(['pass']))
        assert.deepEqual(new Set(await ask(gate, sale, users)), new Set(['seen']))
      }))

    it('forgets a coupon about which nobody asks any more', () =>
      withGate({ idleMs: 100, fullMs: 60_000, seenMs: 60_000 }, async ({ gate, advance }) => {
        const sale = coupon()
        await ask(gate, sale, ['a', 'b', 'c', 'd'])
        await advance(150)
        assert.deepEqual(await ask(gate, sale, ['a', 'd']), ['pass', 'pass'])
      }))

    it('forgets a coupon some time after its end', () =>
      withGate({ afterCloseMs: 100, fullMs: 60_000, seenMs: 60_000 }, async (parts) => {
        const { gate, advance } = parts
        const sale = coupon({ closesAt: 0 })
        await ask(gate, sale, ['a', 'b', 'c', 'd'])
        assert.deepEqual(await ask(gate, sale, ['a', 'e']), ['seen', 'full'])
        await advance(150)
        assert.deepEqual(await ask(gate, sale, ['a', 'e']), ['pass', 'pass'])
      }))

    it('has nothing to say about nothing', () =>
      withGate({}, async ({ gate }) => assert.deepEqual(await gate.ask([]), [])))

    it('lets everything pass once it is closed, and says that it is not there', () =>
      withGate({}, async ({ gate }) => {
        const sale = coupon({ quantity: 1 })
        assert.equal(gate.isHere(), true)
        const asked = ask(gate, sale, ['a', 'b'])
        await gate.close()
        assert.equal((await asked).length, 2)
        assert.equal(gate.isHere(), false)
        assert.deepEqual(await ask(gate, sale, ['a', 'b']), ['pass', 'pass'])
      }))
  })
}
