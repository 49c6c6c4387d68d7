import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../adapters/memory/log.ts'
import { recordFingerprint } from '../domain/fingerprint.ts'
import type { Log } from './log.ts'
import {
  boundsInTime,
  boundsOf,
  endFault,
  lostBeginnings,
  type ReadPlace,
  strangePlaces,
} from './log-check.ts'

const topic = 'topic'
const topics = [topic]

/** `count` records in one partition; `from`: as of when. */
async function logOf(count: number, from = '2026-01-01T00:00:00Z') {
  const log = openLogMemory({ topics: { [topic]: 1 }, clock: virtualClock(Date.parse(from)) })
  for (let n = 0; n < count; n++) {
    await log.append(topic, [{ key: 'key', value: Buffer.from(`value ${n}`) }])
  }
  return log
}

function readUpTo(log: Awaited<ReturnType<typeof logOf>>, next: number, reader = 'issuer') {
  const last = log.records(topic)[0]?.[next - 1]
  const fingerprint = last === undefined ? null : recordFingerprint(last)
  return { reader, topic, partition: 0, next, fingerprint } satisfies ReadPlace
}

describe('a log that is compared with what was read of it', async () => {
  const log = await logOf(5)
  const other = await logOf(9, '2026-01-02T00:00:00Z')
  const place = readUpTo(log, 5)
  const unknown = { ...place, fingerprint: null }
  const without = (start: number): Pick<Log, 'bounds' | 'tail'> => {
    return { ...log, bounds: async () => [{ start, end: 5 }] }
  }
  const cases: [string, Pick<Log, 'bounds' | 'tail'>, ReadPlace[], RegExp[]][] = [
    ['is itself', log, [place], []],
    ['was read by nobody', log, [], []],
    ['is empty and was read by nobody', await logOf(0), [{ ...unknown, next: 0 }], []],
    ['has grown', log, [readUpTo(log, 3)], []],
    ['was read by many', log, [3, 5, 4, 3].map((next, n) => readUpTo(log, next, `r${n}`)), []],
    ['was read before fingerprints were kept', other, [unknown], []],
    ['has lost its end', await logOf(4), [place], [/up to 5, but it ends at 4: records are lost/]],
    ['has lost all', await logOf(0), [unknown], [/up to 5, but it ends at 0: records are lost/]],
    [
      'has fewer partitions than were read',
      log,
      [{ ...unknown, partition: 1, next: 1 }],
      [/partition 1 of topic up to 1, but it ends at 0: records are lost/],
    ],
    ['has lost its beginning', without(2), [unknown], [/partition 0 of topic begins at offset 2/]],
    ['lost it before anybody read it', without(1), [], [/begins at offset 1/]],
    ['is another', other, [place], [/record 4 of partition 0 .* not the one that issuer has read/]],
    [
      'is another for one of its readers',
      log,
      [place, { ...readUpTo(other, 4), reader: 'stock-step' }],
      [/record 3 of partition 0 .* stock-step has read/],
    ],
  ]
  for (const [what, found, places, expected] of cases) {
    it(`${what}: ${expected.length === 0 ? 'nothing is wrong' : 'is told'}`, async () => {
      const bounds = await boundsOf(found, topics)
      const faults = [...lostBeginnings(bounds), ...(await strangePlaces(found, bounds, places))]
      assert.equal(faults.length, expected.length, faults.join('\n'))
      expected.forEach((pattern, n) => assert.match(faults[n] ?? '', pattern))
    })
  }
})

describe('the end of a log', () => {
  for (const [next, end, isTold] of [
    [0, 0, false],
    [4, 5, false],
    [5, 5, false],
    [5, 4, true],
    [1, 0, true],
  ] as const) {
    it(`at ${end} is ${isTold ? 'too early' : 'right'} for who has read up to ${next}`, () => {
      const fault = endFault({ reader: 'issuer', topic, partition: 0, next }, end)
      assert.equal(fault !== null, isTold)
    })
  }
})

describe('a log one of whose partitions is away', () => {
  it('is compared in the others', async () => {
    const clock = virtualClock(0)
    const log = openLogMemory({ topics: { [topic]: 2 }, clock })
    const asked = boundsInTime(
      {
        ...log,
        partitionBounds: (name, partition) => {
          return partition === 0 ? new Promise(() => {}) : log.partitionBounds(name, partition)
        },
      },
      topics,
      { clock, ms: 100 },
    )
    await clock.runUntil(200)
    const { bounds, away } = await asked
    assert.deepEqual(away, [{ topic, partition: 0 }])
    assert.deepEqual(lostBeginnings(bounds), [])
    const place = { reader: 'issuer', topic, partition: 1, next: 1, fingerprint: null }
    assert.equal((await strangePlaces(log, bounds, [place])).length, 1)
  })
})
