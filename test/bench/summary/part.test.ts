// That a part of the benchmark ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { interruptible } from './part.ts'

const never = () => new Promise<never>(() => {})

describe('a part of the benchmark', () => {
  it('gives what it has measured', async () => {
    assert.equal(await interruptible(Promise.resolve(3), 60_000), 3)
  })

  it('fails where it takes too long', async () => {
    await assert.rejects(interruptible(never(), 1), /far longer/)
  })

  it('fails where it is interrupted, and leaves no listener', async () => {
    const before = process.listenerCount('SIGTERM')
    const work = interruptible(never(), 60_000)
    process.emit('SIGTERM')
    await assert.rejects(work, /interrupted/)
    assert.equal(process.listenerCount('SIGTERM'), before)
  })
})
