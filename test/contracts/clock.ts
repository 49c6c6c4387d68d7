// What every adapter of the Clock port must do. `advance` lets that much time go by.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../src/ports/clock.ts'

export type ClockUnderTest = { clock: Clock; advance(ms: number): Promise<void> }

export function clockContract(name: string, create: () => ClockUnderTest): void {
  describe(`the clock contract: ${name}`, () => {
    it('tells whole milliseconds since 1970 that do not stand still', async () => {
      const { clock, advance } = create()
      const before = clock.now()
      assert.ok(Number.isInteger(before) && before > Date.parse('2020-01-01'))
      await advance(30)
      assert.ok(clock.now() >= before + 29, `${clock.now() - before} ms went by`)
    })

    it('calls back once, not before its time, and in the order of the times', async () => {
      const { clock, advance } = create()
      const start = clock.now()
      const called: [number, number][] = []
      for (const ms of [40, 10, 25]) {
        clock.after(ms, () => called.push([ms, clock.now() - start]))
      }
      await advance(80)
      assert.deepEqual(
        called.map(([ms]) => ms),
        [10, 25, 40],
      )
      // A system timer may fire up to a millisecond early by the wall clock.
      for (const [ms, after] of called) assert.ok(after >= ms - 1, `${ms} ms came after ${after}`)
    })

    it('does not call back what was cancelled, and cancelling twice is harmless', async () => {
      const { clock, advance } = create()
      let called = 0
      const cancel = clock.after(10, () => called++)
      clock.after(20, () => called++)
      cancel()
      cancel()
      await advance(40)
      assert.equal(called, 1)
    })

    it('calls back what was asked for inside a call', async () => {
      const { clock, advance } = create()
      const called: string[] = []
      clock.after(5, () => {
        called.push('outer')
        clock.after(5, () => called.push('inner'))
      })
      // The second counts from when the first was called, which a busy machine may do late.
      await advance(500)
      assert.deepEqual(called, ['outer', 'inner'])
    })

    it('lets what a callback started settle before the next callback', async () => {
      const { clock, advance } = create()
      const order: string[] = []
      clock.after(5, () => {
        order.push('first')
        queueMicrotask(() => order.push('settled'))
      })
      clock.after(30, () => order.push('second'))
      await advance(60)
      assert.deepEqual(order, ['first', 'settled', 'second'])
    })
  })
}
