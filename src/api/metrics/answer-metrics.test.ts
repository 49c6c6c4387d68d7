import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Histogram, Registry } from 'prom-client'
import { AnswerCounts, answerBuckets, answerSeconds, routeOf } from './answer-metrics.ts'

describe('what is told of answers', () => {
  it('is for each route and outcome what prom-client makes of the same answers', async () => {
    const [own, usual] = [new Registry(), new Registry()]
    const counts = new AnswerCounts(own)
    const labelNames = ['route', 'outcome']
    const histogram = new Histogram({
      ...answerSeconds,
      buckets: answerBuckets,
      labelNames,
      registers: [usual],
    })
    for (const [route, outcome, status, ms] of [
      ['claims', 'done', 201, 0],
      ['claims', 'done', 200, 2],
      ['claims', 'refused', 409, 2.001],
      ['claims', 'too_many', 429, 50],
      ['orders', 'unavailable', 503, 2_500],
      ['others', 'failed', 500, 60_000],
      ['orders', 'unavailable', 503, 31],
    ] as const) {
      counts.answered(route, status, ms)
      histogram.observe({ route, outcome }, ms / 1000)
    }
    const text = (await own.getSingleMetricAsString(answerSeconds.name)).split('\n')
    const seen = (await usual.metrics()).trimEnd().split('\n')
    assert.deepEqual(seen.slice(0, 2), text.slice(0, 2))
    const lines = new Map(text.map(splitLine))
    for (const line of seen.slice(2)) {
      const [series, value] = splitLine(line)
      assert.equal(lines.get(series), value, line)
    }
    const others = [...lines].filter(
      ([series]) => !seen.some((line) => splitLine(line)[0] === series),
    )
    assert.ok(others.length > 400)
    assert.ok(others.every(([series, value]) => value === '0' || series.startsWith('#')))
  })

  it('has every status from the start, and counts each where it leaves', async () => {
    const registry = new Registry()
    const counts = new AnswerCounts(registry)
    const before = await registry.getSingleMetricAsString('firstcome_answers_total')
    for (const status of [200, 201, 202, 304, 400, 401, 404, 409, 429, 500, 503]) {
      assert.ok(before.includes(`{status="${status}"} 0`), `${status}`)
    }
    counts.sent(206)
    counts.answered('live', 304, 1)
    const after = await registry.getSingleMetricAsString('firstcome_answers_total')
    assert.match(after, /\{status="206"\} 1\n[^]*\{status="304"\} 1\n/)
  })

  it('knows the kind of a call by its path', () => {
    const kinds = {
      '/coupons': 'coupons',
      '/coupons/:couponId/restock': 'coupons',
      '/coupons/:couponId/claims': 'claims',
      '/coupons/:couponId/claims/mine': 'mine',
      '/coupons/:couponId/claims/mine/receipt': 'mine',
      '/coupons/:couponId/live': 'live',
      '/coupons/:couponId/proof/entries': 'proof',
      '/proof/keys': 'proof',
      '/me/coupons': 'coupons',
      '/orders/:orderId/return': 'orders',
      '/dead-letters/groups': 'orders',
      '/redemptions/:redemptionId/use': 'redemptions',
      '/console/session': 'console',
      '/metrics': 'others',
      '': 'others',
    }
    for (const [path, kind] of Object.entries(kinds)) assert.equal(routeOf(path), kind, path)
  })
})

/** Labels are a set, whatever their order. */
function splitLine(line: string): [string, string] {
  const [, name = '', labels = '', value = ''] = /^(\S+?)\{(.*)\} (\S+)$/.exec(line) ?? []
  return name === '' ? [line, ''] : [`${name} ${labels.split(',').toSorted().join()}`, value]
}
