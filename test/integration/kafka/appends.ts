// Appends without end while something is done to Kafka, and remembers what each caller was
// answered. Afterwards the log itself says whether all of it was true.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Log, LogEntry, LogPlace, LogRecord } from '../../../src/ports/log.ts'
import { PortError } from '../../../src/ports/port-error.ts'

export type Answered = {
  caller: number
  texts: string[]
  outcome: 'stored' | 'no' | 'unknown'
  places: LogPlace[]
  endedAt: number
}
export type Appending = {
  answers: Answered[]
  /** The first append that was begun after this moment and acknowledged. */
  acknowledgedAfter(moment: number): Answered | undefined
  stop(): Promise<void>
}

const callers = 4
const recordsPerAppend = 10
/** So that the test leaves time to the broker. */
const betweenMs = 2

/** Until it is stopped, or the test ends. */
export function keepAppending(t: TestContext, log: Log, topic: string): Appending {
  const answers: Answered[] = []
  let stopped = false

  async function call(caller: number): Promise<void> {
    for (let n = 0; !stopped; n++) {
      const texts = Array.from({ length: recordsPerAppend }, (_, k) => `${caller}.${n}.${k}`)
      answers.push(await append(log, topic, { caller, texts }))
      await new Promise((resolve) => setTimeout(resolve, betweenMs))
    }
  }

  t.after(() => {
    stopped = true
  })
  const calling = Array.from({ length: callers }, (_, caller) => call(caller))
  return {
    answers,
    acknowledgedAfter: (moment) =>
      answers.find(({ outcome, endedAt }) => outcome === 'stored' && endedAt > moment),
    async stop() {
      stopped = true
      await Promise.all(calling)
    },
  }
}

export async function append(
  log: Log,
  topic: string,
  { caller, texts }: Pick<Answered, 'caller' | 'texts'>,
): Promise<Answered> {
  const entries: LogEntry[] = texts.map((text) => ({ key: `${caller}`, value: Buffer.from(text) }))
  try {
    const places = await log.append(topic, entries)
    return { caller, texts, outcome: 'stored', places, endedAt: performance.now() }
  } catch (error) {
    assert.ok(error instanceof PortError && error.code === 'log_unavailable', String(error))
    assert.equal(error.retryable, true)
    const outcome = error.appended
    return { caller, texts, outcome, places: [], endedAt: performance.now() }
  }
}

/** What was acknowledged is where it was said to be, once; what was refused is not there. */
export function checkAnswers(answers: readonly Answered[], records: readonly LogRecord[]): void {
  const places = new Map<string, string[]>()
  for (const { partition, offset, value } of records) {
    const text = value.toString()
    places.set(text, [...(places.get(text) ?? []), `${partition}/${offset}`])
  }
  for (const [text, found] of places) assert.equal(found.length, 1, `${text}: ${found.join()}`)
  const last = new Map<number, number>()
  for (const { caller, texts, outcome, places: promised } of answers) {
    texts.forEach((text, n) => {
      const found = places.get(text)?.[0]
      if (outcome === 'no') assert.equal(found, undefined, `${text} was refused`)
      if (outcome === 'stored') {
        assert.equal(found, `${promised[n]?.partition}/${promised[n]?.offset}`, text)
      }
      if (found === undefined) return
      const offset = Number(found.split('/')[1])
      assert.ok(offset > (last.get(caller) ?? -1), `${text} at ${found} is out of order`)
      last.set(caller, offset)
    })
  }
}

/** For the reader of the test's output. */
export function countAnswers(answers: readonly Answered[]): string {
  const count = (wanted: Answered['outcome']) =>
    answers.filter(({ outcome }) => outcome === wanted).length
  return `${count('stored')} stored, ${count('no')} refused, ${count('unknown')} unknown`
}
