import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesNothing, newCouponText, type PreviewBody, previewText } from './preview-text.ts'
import { verdictOf } from './sending.ts'

test('a preview says what is and what would be, with separators, in both languages', () => {
  const changes = [
    { field: 'quantity', from: 20, to: 1_320 },
    { field: 'remaining', from: 0, to: 1_300 },
    { field: 'status', from: 'sold_out', to: 'open' },
    { field: 'of a later version', from: 1, to: 2 },
  ]
  const restock = {
    act: 'restock',
    wish: { add: 1_300 },
    body: { changes, people: 1_300 },
  } as const
  const { changes: shown, sentences } = previewText(restock, 'en')
  assert.deepEqual(
    shown.map(({ name, text }) => `${name} ${text}`),
    ['Quantity 20 → 1,320', 'Left 0 → 1,300', 'State sold out → open'],
  )
  assert.deepEqual(sentences, ['1,300 more can win.', 'Whoever was told sold out may claim again.'])
  const korean = previewText(restock, 'ko')
  assert.equal(korean.changes[2]?.text, '소진 → 진행')
  assert.match(korean.sentences[0] ?? '', /^1,300명/)
})

test('a restock says how many were told sold out, as exactly as it is known', () => {
  const changes = [{ field: 'status', from: 'sold_out', to: 'open' }]
  const said = (
    toldSoldOut: Exclude<PreviewBody['toldSoldOut'], undefined>,
    language: 'en' | 'ko',
  ) => {
    const body = { changes, people: 100, toldSoldOut }
    return previewText({ act: 'restock', wish: { add: 100 }, body }, language).sentences.slice(1)
  }
  const exactly = (people: number) => ({ people, isExact: true })
  assert.deepEqual(said(exactly(1_284), 'en'), [
    '1,284 people were told sold out and may claim again.',
    'They are counted since the nodes started.',
  ])
  assert.match(said(exactly(1), 'en')[0] ?? '', /^1 person was told/)
  assert.match(said(exactly(1_284), 'ko')[0] ?? '', /^1,284명이 소진/)
  assert.match(said({ people: 12_777, isExact: false }, 'en')[0] ?? '', /^About 13,000 people/)
  for (const unknown of [null, exactly(0)]) {
    assert.deepEqual(said(unknown, 'en'), ['Whoever was told sold out may claim again.'])
  }
})

test('a revoke says how many it takes, and of whom', () => {
  const body = { changes: [], people: 3 }
  const all = { act: 'revoke', wish: { all: true }, body } as const
  assert.match(previewText(all, 'en').sentences[0] ?? '', /everyone .* 3\.$/)
  const one = { ...all, wish: { userId: 'ann' } }
  assert.match(previewText(one, 'en').sentences[0] ?? '', /ann: 3\.$/)
  assert.equal(changesNothing(all), false)
  assert.equal(changesNothing({ ...all, body: { changes: [], people: 0 } }), true)
})

test('what would change nothing is said so', () => {
  const pause = { act: 'pause', wish: {}, body: { changes: [], people: 0 } } as const
  assert.ok(changesNothing(pause))
  assert.deepEqual(previewText(pause, 'en').sentences, ['Nothing would change.'])
})

test('a new coupon is told from its terms', () => {
  const wish = { couponId: 'tea', name: 'Tea', quantity: 1_000 }
  const said = newCouponText(wish, 'en')
  assert.equal(said, 'Makes 1,000 of “Tea”: open at once, until an operator ends it.')
})

test('an act is sent again where it may have been done, or could not be yet', () => {
  const answer = (status: number, headers = {}) => {
    return { status, headers: new Headers(headers), body: {} }
  }
  const table = [
    [null, 'later', 2],
    [answer(202), 'later', 2],
    [answer(503, { 'retry-after': '7' }), 'later', 7],
    [answer(429, { 'retry-after': '600' }), 'later', 30],
    [answer(503, { 'retry-after': 'soon' }), 'later', 2],
    [answer(408), 'later', 2],
    [answer(200), 'done', undefined],
    [answer(201), 'done', undefined],
    [answer(412), 'changed', undefined],
    [answer(409), 'refused', undefined],
    [answer(403), 'refused', undefined],
  ] as const
  for (const [given, kind, seconds] of table) {
    const verdict = verdictOf(given)
    assert.equal(verdict.kind, kind)
    assert.equal(verdict.kind === 'later' ? verdict.seconds : undefined, seconds)
  }
})
