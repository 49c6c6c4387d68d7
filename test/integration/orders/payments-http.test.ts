// The HTTP payment provider that fails, hangs, answers twice, loses its answers and is away:
// money moves once, and what is not known is never guessed.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import {
  createPaymentsHttp,
  paymentAnswerBytesMax,
  paymentRequestMsMax,
  paymentRequestsMax,
} from '../../../src/adapters/payments-http.ts'
import type { PaymentEffect } from '../../../src/domain/orders/payment-step.ts'
import type { Payments } from '../../../src/ports/payments.ts'
import { type Mischief, type PaymentProvider, startPaymentProvider } from './payment-provider.ts'

const token = 'hunter2-token'
const patientMs = 5_000

let provider: PaymentProvider
let payments: Payments
before(async () => {
  provider = await startPaymentProvider()
})
after(() => provider.close())
beforeEach(() => {
  payments = createPaymentsHttp({ url: `${provider.url}/`, token, clock: systemClock() })
  provider.funds.set('ann', 1_000)
  provider.mischief.length = 0
  provider.requests.length = 0
  provider.moves.length = 0
})
afterEach(() => payments.close())

let orders = 0
function payment(amount = 300): PaymentEffect['payment'] {
  orders++
  return { orderId: `order-${orders}`, userId: 'ann', amount }
}
function capture(amount?: number): PaymentEffect {
  return { kind: 'capture', payment: payment(amount) }
}
function undoOf({ payment: captured }: PaymentEffect): PaymentEffect {
  return { kind: 'undo', payment: captured }
}
async function ask(question: PaymentEffect, withinMs = patientMs) {
  const [answer] = await payments.ask([question], withinMs)
  return answer
}

describe('A payment provider over HTTP', () => {
  it('is asked with the key, the token and the payment, and its answers are taken', async () => {
    const question = capture()
    const { payment: asked } = question
    assert.deepEqual(await ask(question), { kind: 'captured' })
    assert.deepEqual(await ask(undoOf(question)), { kind: 'undone', refunded: 300 })
    assert.deepEqual(await ask(capture(1_001)), { kind: 'refused', reason: 'insufficient_funds' })
    assert.deepEqual(await ask(undoOf(capture())), { kind: 'undone', refunded: 0 })
    const authorization = `Bearer ${token}`
    assert.deepEqual(provider.requests.slice(0, 2), [
      { path: '/v1/captures', key: `capture-${asked.orderId}`, authorization, body: asked },
      { path: '/v1/undos', key: `undo-${asked.orderId}`, authorization, body: asked },
    ])
  })

  it('is asked without a token where none is set', async () => {
    const plain = createPaymentsHttp({ url: provider.url, clock: systemClock() })
    assert.deepEqual(await plain.ask([capture()], patientMs), [{ kind: 'captured' }])
    assert.equal(provider.requests[0]?.authorization, undefined)
    await plain.close()
  })

  it('is not asked where there is no question', async () => {
    assert.deepEqual(await payments.ask([], patientMs), [])
  })

  it('is asked about many at once, within a bound, and each gets its own answer', async () => {
    provider.funds.set('ann', 50 * 300)
    provider.holdUntil(paymentRequestsMax)
    const questions = Array.from({ length: 100 }, (_, n) => capture(n % 2 === 0 ? 300 : 99_999))
    const answers = await payments.ask(questions, patientMs)
    assert.deepEqual(
      answers,
      questions.map((_, n) =>
        n % 2 === 0 ? { kind: 'captured' } : { kind: 'refused', reason: 'insufficient_funds' },
      ),
    )
    assert.equal(provider.atOnceMax(), paymentRequestsMax)
  })
})

describe('A provider may answer', () => {
  for (const status of [200, 201, 202, 299]) {
    it(`${status} with what became of it`, async () => {
      provider.mischief.push({ status, body: '{"status":"captured"}' })
      assert.deepEqual(await ask(capture()), { kind: 'captured' })
      provider.mischief.push({ status, body: '{"status":"undone","refunded":0}' })
      assert.deepEqual(await ask(undoOf(capture())), { kind: 'undone', refunded: 0 })
      assert.equal(provider.requests.length, 2)
    })
  }
})

describe('A provider is asked again with the same key, and money moves once, where it', () => {
  const table: [what: string, mischief: Mischief[]][] = [
    [
      'fails',
      [
        { status: 500, body: 'oh' },
        { status: 503, body: '' },
      ],
    ],
    ['has too much to do', [{ status: 429, body: '{}' }]],
    ['hangs', ['hang']],
    ['ends the connection before it does anything', ['cut', 'cut']],
    ['loses its answers', ['lose', 'lose']],
    ['answers without a word', [{ status: 204, body: '' }]],
    ['sends people elsewhere', [{ status: 302, body: '{"status":"captured"}' }]],
  ]
  for (const [what, mischief] of table) {
    it(what, async () => {
      const question = capture()
      provider.mischief.push(...mischief)
      assert.deepEqual(await ask(question), { kind: 'captured' })
      provider.mischief.push(...mischief)
      assert.deepEqual(await ask(undoOf(question)), { kind: 'undone', refunded: 300 })
      const { orderId } = question.payment
      const keys = provider.requests.map(({ key }) => key)
      const times = mischief.length + 1
      assert.deepEqual(keys, [
        ...Array<string>(times).fill(`capture-${orderId}`),
        ...Array<string>(times).fill(`undo-${orderId}`),
      ])
      assert.deepEqual(provider.moves, [
        { kind: 'captured', orderId, amount: 300 },
        { kind: 'refunded', orderId, amount: 300 },
      ])
    })
  }

  it('is down for a while', async () => {
    await provider.stop()
    const question = capture()
    const asking = ask(question)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await provider.start()
    assert.deepEqual(await asking, { kind: 'captured' })
    assert.equal(provider.moves.length, 1)
  })

  it('answers twice on one connection, which never answers another order', async () => {
    provider.funds.set('ann', 1_000)
    for (let round = 0; round < 20; round++) {
      provider.mischief.push('twice')
      assert.deepEqual(await ask(capture(10)), { kind: 'captured' })
      const poor = { kind: 'refused', reason: 'insufficient_funds' }
      assert.deepEqual(await ask(capture(5_000)), poor, `round ${round}`)
    }
    assert.equal(provider.funds.get('ann'), 800)
  })
})

describe('An answer without sense is no answer:', () => {
  const captures = [
    '',
    'null',
    '[]',
    '7',
    '{"status":"captured"',
    '{"status":"CAPTURED"}',
    '{"status":"refused"}',
    '{"status":"refused","reason":"because"}',
    '{"status":"undone","refunded":300}',
    '{"status":"captured","orderId":"another"}',
    `{"status":"captured","more":"${'x'.repeat(paymentAnswerBytesMax)}"}`,
  ]
  const undos = [
    '{"status":"captured"}',
    '{"status":"refused","reason":"payment_declined"}',
    '{"status":"undone"}',
    '{"status":"undone","refunded":299}',
    '{"status":"undone","refunded":"300"}',
    '{"status":"undone","refunded":-300}',
  ]
  const table = [
    ...captures.map((body) => ['capture', body] as const),
    ...undos.map((body) => ['undo', body] as const),
  ]
  for (const [kind, body] of table) {
    it(`${kind} ${JSON.stringify(body.slice(0, 60))}`, async () => {
      const question: PaymentEffect = { kind, payment: payment() }
      provider.mischief.push(...Array.from({ length: 3 }, () => ({ status: 200, body })))
      const failed = await ask(question, 250)
      provider.mischief.length = 0
      assert.equal(failed?.kind, 'failed')
      assert.match(failed?.kind === 'failed' ? failed.reason : '', /^the payment provider gave an/)
      const expected = kind === 'undo' ? { kind: 'undone', refunded: 0 } : { kind: 'captured' }
      assert.deepEqual(await ask(question), expected)
      assert.equal(provider.moves.length, kind === 'undo' ? 0 : 1)
    })
  }
})

describe('What became of a capture is in doubt', () => {
  const poor = { kind: 'refused', reason: 'insufficient_funds' } as const
  const table: [what: string, mischief: Mischief, isInDoubt: boolean][] = [
    ['hung', 'hang', true],
    ['ended the connection', 'cut', true],
    ['lost its answer', 'lose', true],
    ['failed', { status: 500, body: '' }, true],
    ['made no sense', { status: 200, body: '{"status":"perhaps"}' }, true],
    ['had too much to do', { status: 429, body: '' }, false],
  ]
  for (const [what, fault, isInDoubt] of table) {
    const doubt = isInDoubt ? { inDoubt: true } : {}
    it(`${isInDoubt ? '' : 'not '}where a provider ${what} before it refused, or for good`, async () => {
      provider.mischief.push(fault)
      assert.deepEqual(await ask(capture(5_000)), { ...poor, ...doubt })
      provider.mischief.splice(0, Infinity, ...Array<Mischief>(50).fill(fault))
      const { reason: _, ...failed } = (await ask(capture(), 500)) as { reason: string }
      assert.deepEqual(failed, { kind: 'failed', ...doubt })
    })
  }

  it('not where nobody listened, or where it has nothing to do with a lost answer', async () => {
    await provider.stop()
    const asking = ask(capture(5_000))
    await new Promise((resolve) => setTimeout(resolve, 150))
    await provider.start()
    assert.deepEqual(await asking, poor)
    assert.deepEqual(await ask(capture(5_000)), poor)
  })
})

describe('A payment whose answer is unknown is given up', () => {
  it('within the time, with the last reason', async () => {
    const table: [Mischief, RegExp][] = [
      ['hang', /^the payment provider has not answered within \d+ ms$/],
      ['lose', /^the payment provider ended the connection before its answer$/],
      [{ status: 503, body: token }, /^the payment provider answered 503$/],
    ]
    for (const [fault, reason] of table) {
      provider.mischief.splice(0, Infinity, ...Array<Mischief>(50).fill(fault))
      const withinMs = 1_600
      const start = performance.now()
      const failed = await ask(capture(), withinMs)
      const tookMs = performance.now() - start
      assert.match(failed?.kind === 'failed' ? failed.reason : '', reason)
      assert.ok(tookMs < 1.5 * withinMs, `took ${tookMs} ms`)
    }
  })

  it('only after a last request, just before the time is over', async () => {
    await provider.stop()
    // Asked at 2.5 s at the latest, and once more 0.1 s before the end.
    const asking = ask(capture(), 3_200)
    await new Promise((resolve) => setTimeout(resolve, 2_750))
    await provider.start()
    assert.deepEqual(await asking, { kind: 'captured' })
  })

  it('at once where the provider says that the request is wrong', async () => {
    for (const status of [400, 401, 403, 404, 409, 422]) {
      provider.mischief.push({ status, body: `no such ${token}` })
      const start = provider.requests.length
      assert.deepEqual(await ask(capture()), {
        kind: 'failed',
        reason: `the payment provider answered ${status}`,
      })
      assert.equal(provider.requests.length - start, 1)
    }
  })

  it('where nobody listens, and a request that hangs takes no longer than its own time', async () => {
    await provider.stop()
    const failed = await ask(capture(), 500)
    await provider.start()
    assert.deepEqual(failed, {
      kind: 'failed',
      reason: 'the payment provider cannot be reached: nobody listens there',
    })
    provider.mischief.push('hang')
    const start = performance.now()
    assert.deepEqual(await ask(capture()), { kind: 'captured' })
    const tookMs = performance.now() - start
    assert.ok(tookMs < 2 * paymentRequestMsMax, `took ${tookMs} ms`)
  })

  it('where too many wait before it, and is asked the next time', async () => {
    const questions = Array.from({ length: paymentRequestsMax + 1 }, () => capture(1))
    provider.mischief.push(...Array<Mischief>(paymentRequestsMax).fill('hang'))
    const answers = await payments.ask(questions, 200)
    assert.deepEqual(answers.at(-1), {
      kind: 'failed',
      reason: 'the payment provider was not asked in time: too many payments wait',
    })
    const again = await payments.ask(questions, patientMs)
    assert.ok(again.every((answer) => answer.kind === 'captured'))
    assert.equal(provider.moves.length, questions.length)
  })

  it('when it is closed', async () => {
    provider.mischief.push('hang')
    const asking = ask(capture())
    while (provider.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await payments.close()
    assert.deepEqual(await asking, {
      kind: 'failed',
      reason: 'the payment provider was not waited for',
    })
  })
})
