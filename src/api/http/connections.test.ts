import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectionsMax } from './connections.ts'
import { serverLimits } from './server-limits.ts'

describe('the most connections of a process', () => {
  it('leave descriptors for what else it opens', () => {
    const of = (files: number) => connectionsMax(serverLimits, files)
    assert.equal(of(Number.POSITIVE_INFINITY), 40_000)
    assert.equal(of(1_048_576), 40_000)
    assert.equal(of(20_000), 19_744)
    assert.equal(of(1_024), 768)
    assert.equal(of(256), 38)
    assert.ok(of(128) < serverLimits.connectionsMin)
  })
})
