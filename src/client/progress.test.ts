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

async function shown(isTTY: boolean, steps: readonly [step: string, part: number][]) {
  const clock = virtualClock(0)
  const texts: string[] = []
  const write = (text: string) => void texts.push(text.replace('\r\u001b[2K', '').trim())
  const progress = startProgress(clock, write, { isTTY })
  for (const [n, [step, part]] of steps.entries()) {
    await clock.runUntil(n * 1_000)
    progress.show(step, part)
  }
  return texts
}

test('a step shows its part, and on a terminal what is left of it once its pace is known', async () => {
  const steps: [string, number][] = [
    ['Reading', 0],
    ['Reading', 0.1],
    ['Reading', 0.2],
    ['Reading', 0.25],
    ['Comparing', 0.5],
    ['Comparing', 0.5],
    ['Comparing', 0.75],
  ]
  assert.deepEqual(await shown(true, steps), [
    'Reading: 10 %',
    'Reading: 20 %, 8 s left',
    'Reading: 25 %, 9 s left',
    'Comparing: 50 %',
    'Comparing: 50 %',
    'Comparing: 75 %, 2 s left',
  ])
  assert.deepEqual((await shown(false, steps)).slice(0, 2), ['Reading: 10 %', 'Reading: 20 %'])
})
