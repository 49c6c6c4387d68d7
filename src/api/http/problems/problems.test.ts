import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import fastify from 'fastify'
import { unavailableReasons } from '../../claims/claim-answers.ts'
import { type ProblemSlug, problems } from './problem-texts.ts'
import { conflictOf, countUnavailable, problemBody, refusals, sendUnavailable } from './problems.ts'

const slugs = Object.keys(problems) as ProblemSlug[]

test('every problem has a slug, an error status that HTTP knows, a title and a detail', () => {
  for (const slug of slugs) {
    const { status, title, detail } = problems[slug]
    assert.match(slug, /^[a-z]+(-[a-z]+)*$/)
    assert.ok(status >= 400 && STATUS_CODES[status] !== undefined, slug)
    assert.ok(title.length > 0 && detail.length > 0, slug)
  }
})

test('a problem carries its type, and members overrule the usual detail', () => {
  assert.deepEqual(
    JSON.parse(problemBody('sold-out', { detail: { en: 'None left.', ko: '' }, claimId: 'c' })),
    {
      type: '/problems/sold-out',
      title: 'Sold out',
      status: 409,
      detail: 'None left.',
      claimId: 'c',
    },
  )
})

test('each refusal is told by a problem of its own name, with the status that is documented', () => {
  const told = Object.entries(refusals).map(([refusal, slug]) => {
    return `${refusal}: ${problems[slug].status} ${slug}`
  })
  assert.deepEqual(told, [
    'unknown_coupon: 404 unknown-coupon',
    'closed: 409 closed',
    'not_open: 409 not-open',
    'paused: 409 paused',
    'not_eligible: 409 not-eligible',
    'sold_out: 409 sold-out',
    'quantity_limit: 409 quantity-limit',
    'too_late: 409 too-late',
    'not_issued: 404 user-has-none',
    'changed: 412 changed',
    'unknown_product: 404 unknown-product',
    'stock_limit: 409 stock-limit',
    'balance_limit: 409 balance-limit',
    'unknown_order: 404 unknown-order',
    'order_not_confirmed: 409 order-not-confirmed',
    'return_too_late: 409 return-too-late',
    'order_already_returned: 409 order-already-returned',
    'key_reused: 409 idempotency-key-reused',
    'coupon_not_held: 422 coupon-not-held',
    'unknown_letter: 404 unknown-dead-letter',
    'not_redrivable: 409 not-redrivable',
  ])
})

test('each command conflicts with what its id belongs to', () => {
  const conflicts = {
    'coupon.created': 'coupon-exists',
    'coupon.restocked': 'idempotency-key-reused',
    'coupon.paused': 'idempotency-key-reused',
    'product.created': 'product-exists',
    'stock.added': 'idempotency-key-reused',
    'wallet.topped_up': 'idempotency-key-reused',
    'dead_letter.redriven': 'dead-letter-discarded',
    'dead_letter.discarded': 'dead-letter-redriven',
  } as const
  for (const [type, slug] of Object.entries(conflicts)) {
    assert.equal(conflictOf(type as keyof typeof conflicts), slug)
    assert.equal(problems[slug].status, 409)
  }
})

test('what is unavailable is a 503 that says why, and when to ask again', async () => {
  const app = fastify()
  countUnavailable(app, undefined)
  app.get('/:reason', (request, reply) => {
    const reason = unavailableReasons.find((one) => request.url === `/${one}`)
    assert.ok(reason !== undefined)
    sendUnavailable(reply, { kind: 'unavailable', reason, retryAfterSeconds: 7 })
  })
  for (const reason of unavailableReasons) {
    const { statusCode, headers, body } = await app.inject(`/${reason}`)
    assert.deepEqual([statusCode, headers['retry-after']], [503, '7'])
    const problem = JSON.parse(body) as { type: string; reason: string; status: number }
    assert.deepEqual([problem.type, problem.reason], ['/problems/unavailable', reason])
  }
  await app.close()
})
