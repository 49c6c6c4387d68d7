// The arithmetic on /proc, and that it is this machine's.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { processorSeconds, ticksIn } from './processor-time.ts'

describe('the processor time of processes', () => {
  it('is user and system time, of the process and of its children that ended', () => {
    const name = '(a (strange) name 1 2 3)'
    const stat = `4242 ${name} S 1 4242 4242 0 -1 4194560 9 8 7 6 100 20 3 4 20 0 11 0 12345 6 7`
    assert.equal(ticksIn(stat), 127)
  })

  it('is nothing for a process that is not there', () => {
    assert.equal(processorSeconds([2 ** 30]), 0)
  })

  it('grows with the work of a process', () => {
    const before = processorSeconds([process.pid])
    const begun = process.cpuUsage()
    // By its own count: on a busy machine the clock says nothing of it.
    const worked = () => {
      const { user, system } = process.cpuUsage(begun)
      return (user + system) / 1e6
    }
    while (worked() < 0.2);
    const used = processorSeconds([process.pid]) - before
    assert.ok(used >= 0.15 && used < worked() + 0.1, `${used} s`)
  })
})
