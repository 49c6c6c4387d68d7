import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fetched, FetchRequest } from './requests.ts'
import { SharedFetches } from './shared-fetches.ts'

const place = { partition: 1, offset: 7, readEpoch: 3, leaderEpoch: 4 }
const other = { ...place, partition: 2 }
const question: FetchRequest = {
  topicId: 'id',
  partitions: [place, other],
  waitMsMax: 2_000,
  bytesMax: 8,
}
const answer: Fetched = { errorCode: 0, partitions: [] }

/** Everything that is sent, to be answered by the test. */
function createWorld() {
  const fetches = new SharedFetches()
  const sent: PromiseWithResolvers<Fetched>[] = []
  return {
    sent,
    tail(request = question, node = 1) {
      const ending = new AbortController()
      const asking = {
        signal: ending.signal,
        send() {
          const one = Promise.withResolvers<Fetched>()
          ending.signal.addEventListener('abort', () => one.reject(new Error('cut off')))
          sent.push(one)
          return one.promise
        },
      }
      return { answered: fetches.fetch(node, request, asking), end: () => ending.abort() }
    },
  }
}

describe('what several tails ask a broker for', () => {
  it('is asked once where it is the same, in whatever order, and then anew', async () => {
    const { sent, tail } = createWorld()
    const both = [tail(), tail({ ...question, partitions: [other, place] })]
    assert.equal(sent.length, 1)
    sent[0]?.resolve(answer)
    assert.deepEqual(await Promise.all(both.map(({ answered }) => answered)), [answer, answer])
    tail()
    assert.equal(sent.length, 2)
  })

  it('is asked for each where anything of it differs', () => {
    const { sent, tail } = createWorld()
    tail()
    tail(question, 2)
    for (const differs of [{ topicId: 'b' }, { waitMsMax: 1 }, { partitions: [place] }]) {
      tail({ ...question, ...differs })
    }
    for (const differs of [{ offset: 8 }, { readEpoch: -1 }, { leaderEpoch: 5 }]) {
      tail({ ...question, partitions: [place, { ...other, ...differs }] })
    }
    assert.equal(sent.length, 8)
  })

  it('fails for all of them where it fails', async () => {
    const { sent, tail } = createWorld()
    const both = [tail(), tail()]
    sent[0]?.reject(new Error('away'))
    for (const { answered } of both) await assert.rejects(answered, /away/)
    assert.equal(sent.length, 1)
  })

  it('is asked by the next one where who asked has ended', async () => {
    const { sent, tail } = createWorld()
    const [first, second, third] = [tail(), tail(), tail()]
    first.end()
    assert.equal(await first.answered, null)
    await new Promise((resolve) => setImmediate(resolve))
    sent[1]?.resolve(answer)
    assert.deepEqual(await Promise.all([second.answered, third.answered]), [answer, answer])
    assert.equal(sent.length, 2)
  })

  it('is not waited for by who has ended', async () => {
    const { sent, tail } = createWorld()
    const [first, second] = [tail(), tail()]
    second.end()
    assert.equal(await second.answered, null)
    sent[0]?.resolve(answer)
    assert.equal(await first.answered, answer)
  })
})
