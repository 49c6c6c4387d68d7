import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Log, LogEntry } from '../ports/log.ts'
import { withJointAppends } from './joint-appends.ts'
import { virtualClock } from './memory/clock-virtual.ts'

/** Notes the keys of each append. `fails`: whether the log takes none of it. */
function start(fails: (keys: readonly string[]) => boolean = () => false) {
  const clock = virtualClock(0)
  const appended: string[][] = []
  let end = 0
  const log = withJointAppends(
    {
      async append(topic, entries) {
        const keys = entries.map(({ key }) => key)
        appended.push([topic, ...keys])
        if (fails(keys)) throw new Error(`not ${keys.join()}`)
        return entries.map(() => ({ partition: 0, offset: end++ }))
      },
    } as Log,
    clock,
  )
  const add = (topic: string, ...keys: string[]) => log.append(topic, keys.map(entryOf))
  return { add, appended, pass: () => clock.runUntil(0) }
}

function entryOf(key: string): LogEntry {
  return { key, value: Buffer.from('{}') }
}

describe('appends of one turn', () => {
  test('are one for each topic, and each is told its own places', async () => {
    const { add, appended, pass } = start()
    const places = Promise.all([add('steps', 'a', 'b'), add('orders', 'c'), add('steps', 'd')])
    await pass()
    assert.deepEqual(appended, [
      ['steps', 'a', 'b', 'd'],
      ['orders', 'c'],
    ])
    const offsets = (await places).map((own) => own.map(({ offset }) => offset))
    assert.deepEqual(offsets, [[0, 1], [3], [2]])
  })

  test('are made each by itself where the log does not take them together', async () => {
    const { add, appended, pass } = start((keys) => keys.includes('b'))
    const refused = add('steps', 'b').catch((error: Error) => error.message)
    const both = Promise.all([add('steps', 'a'), refused])
    await pass()
    assert.deepEqual(await both, [[{ partition: 0, offset: 0 }], 'not b'])
    assert.deepEqual(appended, [
      ['steps', 'b', 'a'],
      ['steps', 'b'],
      ['steps', 'a'],
    ])
  })

  test('of a later turn do not wait for those of an earlier one', async () => {
    const { add, appended, pass } = start()
    const first = add('steps', 'a')
    await pass()
    const second = add('steps', 'b')
    await pass()
    await Promise.all([first, second])
    assert.deepEqual(appended, [
      ['steps', 'a'],
      ['steps', 'b'],
    ])
  })
})
