// Progress lines in virtual time, on a terminal and elsewhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../adapters/memory/clock-virtual.ts'
import { startProgress } from './progress.ts'

async function written(isTTY: boolean, ms: number): Promise<string[]> {
  const clock = virtualClock(0)
  const texts: string[] = []
  const progress = startProgress(clock, (text) => void texts.push(text), { isTTY, columns: 20 })
  const work = Promise.withResolvers<void>()
  let part = 0
  const ended = progress.during(() => `part ${++part} of a line that is long`, work.promise)
  await clock.runUntil(ms)
  work.resolve()
  await ended
  await clock.runUntil(ms + 10_000)
  return texts
}

test('a terminal has one line, renewed each second, cut to its width and erased in the end', async () => {
  const erase = '\r\u001b[2K'
  assert.deepEqual(await written(true, 2500), [
    `${erase}part 1 of a line th`,
    `${erase}part 2 of a line th`,
    erase,
  ])
})

test('elsewhere each second gets a line of its own', async () => {
  assert.deepEqual(await written(false, 2500), [
    'part 1 of a line that is long\n',
    'part 2 of a line that is long\n',
  ])
})

test('what takes less than a second shows nothing', async () => {
  assert.deepEqual(await written(true, 900), [])
})
