// A payment provider that always takes longer than it is given and keeps none of its answers: it
// is asked a bounded number of times, nothing is believed of it, people are told, and with more
// time it is asked again.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createPaymentStepStoreMemory } from '../../../src/adapters/memory/payment-stores.ts'
import { createPaymentsHttp } from '../../../src/adapters/payments-http.ts'
import type { OrderMessage } from '../../../src/domain/orders/messages.ts'
import { attemptsMax, deadLettersTopic, readRetryNote } from '../../../src/domain/orders/retries.ts'
import { createPaymentStep } from '../../../src/orders/payment-step.ts'
import { drive, saidIn, startTask } from '../../models/work-driver.ts'
import { waitFor } from '../../services/server-process.ts'

const answerAfterMs = 1_000
const requestMs = 500
/** Room for a request and a little more, as in a service. */
const attemptMs = 750
const sums = { subtotal: 300, discount: 0, total: 300 }
const due: OrderMessage = { type: 'order.payment_due', orderId: 'a', userId: 'ann', ...sums }

async function startSlowProvider() {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    const isUndo = request.url?.endsWith('/undos') === true
    const body = isUndo ? { status: 'undone', refunded: 300 } : { status: 'captured' }
    setTimeout(() => response.end(JSON.stringify(body)), answerAfterMs)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

it('a provider that is always too slow is given up, told to people, and paid once it has time', async () => {
  const provider = await startSlowProvider()
  const clock = systemClock()
  const hasty = createPaymentsHttp({ url: provider.url, clock, requestMsMax: requestMs })
  const patient = createPaymentsHttp({ url: provider.url, clock })
  const store = createPaymentStepStoreMemory()
  const rowOf = () => store.tables.rows.get('a')
  let current = hasty
  const step = createPaymentStep(store, {
    ...hasty,
    limits: { ...hasty.limits, answerMsMax: attemptMs },
    ask: (questions) => current.ask(questions, current === hasty ? attemptMs : 10_000),
  })
  const said: string[] = []
  const letters: string[] = []
  let again: Parameters<typeof drive>[2]
  const turn = startTask(step, (records) => {
    said.push(...saidIn(records).map(({ type }) => type))
    for (const { topic, entry } of records) {
      if (topic === deadLettersTopic) letters.push(String(JSON.parse(String(entry.value)).reason))
      else again = readRetryNote(entry.headers ?? {}) ?? undefined
    }
  })
  /** Takes the record, and waits until nothing is to be asked. */
  async function take(message: OrderMessage): Promise<void> {
    await drive(step, [message], again)
    await waitFor('the answer', async () => {
      await turn()
      const row = rowOf()
      return row !== undefined && !('record' in row)
    })
  }
  try {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) await take(due)
    assert.deepEqual([rowOf()?.status, said], ['asked', []])
    assert.match(letters.join(), /^the payment provider has not answered within \d+ ms$/)
    assert.ok(provider.seen.length >= attemptsMax && provider.seen.length <= 2 * attemptsMax)
    assert.ok(provider.seen.every((path) => path === '/captures'))
    // The setting is set right, and the letter is re-driven.
    current = patient
    again = undefined
    await take(due)
    assert.deepEqual([rowOf()?.status, said], ['captured', ['payment.captured']])
  } finally {
    await Promise.all([hasty.close(), patient.close()])
    await provider.close()
  }
})
