import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { PortError } from '../ports/port-error.ts'
import { answerCalls, callThread } from './thread-call.ts'

test('Each call gets its own answer or failure, and none is left waiting when the port closes.', async () => {
  const { port1, port2 } = new MessageChannel()
  const waiting = new Map<string, (answer: string) => void>()
  const calls = callThread<string, string>(port1, () => new Error('gone'))
  const answer = (question: string): Promise<string> => {
    if (question === 'full') throw new PortError('log_full', 'no room', { appended: 'no' })
    if (question === 'bug') throw new TypeError('a bug')
    return new Promise((resolve) => waiting.set(question, resolve))
  }
  answerCalls(port2, answer, 'log_failed')

  const asked = ['a', 'b', 'c'].map((question) => calls.ask(question))
  const full = { code: 'log_full', message: 'no room', appended: 'no', retryable: false }
  await assert.rejects(calls.ask('full'), full)
  await assert.rejects(calls.ask('bug'), { code: 'log_failed', message: 'a bug' })
  assert.equal(calls.pending(), 3)
  waiting.get('b')?.('to b')
  assert.equal(await asked[1], 'to b')
  waiting.get('a')?.('to a')
  assert.equal(await asked[0], 'to a')
  port2.close()
  await assert.rejects(asked[2] ?? Promise.resolve(), /gone/)
  await assert.rejects(calls.ask('d'), /gone/)
})
