import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type CompareGroup,
  compareGroups,
  type Group,
  type GroupOutcome,
  type GroupThreads,
} from './compare-groups.ts'

describe('groups', () => {
  it('are taken in their order, each once, whoever was done first', async () => {
    const many = 100
    const done: number[] = []
    const threads: GroupThreads = {
      know: () => {},
      compare(group) {
        const n = numberOf(group)
        if (n % 3 === 2) return null
        return turnsLater((n * 7) % 10).then(() => {
          done.push(n)
          return outcomeOf(n)
        })
      },
      close: async () => {},
    }
    const here: CompareGroup = (group) => {
      done.push(numberOf(group))
      return outcomeOf(numberOf(group))
    }
    const taken: number[] = []
    for await (const { records } of compareGroups(groupsOf(many), here, threads)) {
      taken.push(records)
    }
    const inOrder = Array.from({ length: many }, (_, n) => n)
    assert.deepEqual(taken, inOrder)
    assert.notDeepEqual(done, inOrder)
    assert.deepEqual(done.toSorted(byNumber), inOrder)
  })

  it('are read back no faster than they are compared', async () => {
    let read = 0
    let taken = 0
    let aheadMost = 0
    async function* counted() {
      for await (const group of groupsOf(200)) {
        read += 1
        aheadMost = Math.max(aheadMost, read - taken)
        yield group
      }
    }
    const threads: GroupThreads = {
      know: () => {},
      compare: async (group) => outcomeOf(numberOf(group)),
      close: async () => {},
    }
    for await (const _ of compareGroups(counted(), () => outcomeOf(0), threads)) taken += 1
    assert.equal(taken, 200)
    assert.ok(aheadMost <= 34, `${aheadMost} were ahead`)
  })

  it('end with the failure of a thread', async () => {
    const threads: GroupThreads = {
      know: () => {},
      compare: async () => Promise.reject(new Error('no heap')),
      close: async () => {},
    }
    const outcomes = compareGroups(groupsOf(5), () => outcomeOf(0), threads)
    await assert.rejects(outcomes.next(), /no heap/)
  })
})

async function* groupsOf(count: number): AsyncGenerator<Group> {
  for (let n = 0; n < count; n += 1) yield Uint8Array.of(n)
}

function numberOf([n = 0]: Group): number {
  return n
}

function byNumber(a: number, b: number): number {
  return a - b
}

/** `records`: which group it was. */
function outcomeOf(records: number): GroupOutcome {
  return { records } as GroupOutcome
}

async function turnsLater(turns: number): Promise<void> {
  for (let n = 0; n < turns; n += 1) await new Promise((resolve) => setImmediate(resolve))
}
