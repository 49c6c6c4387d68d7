import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countdown, createServerClock } from './server-clock.ts'
import { type Coupon, type Facts, type Told, viewOf } from './view.ts'
import { saying, type Word, words } from './words.ts'

const opensAt = Date.UTC(2026, 0, 1)
const open: Coupon = { name: 'Sale', status: 'open', remaining: 7, opensAt }
const coupon = (status: Coupon['status']): Coupon => ({ ...open, status })
const won: Told = { kind: 'won', slot: 3, code: 'EZFF-CRJQ-22GW-6' }
const facts: Facts = {
  coupon: open,
  told: null,
  isAway: false,
  token: 'a.b.c',
  at: opensAt,
}

describe('what the page says', () => {
  const cases: [Word, Partial<Facts>, button?: string][] = [
    ['unknown', { coupon: coupon('unknown'), told: won, isAway: true, token: null }],
    ['won', { coupon: null, told: won, isAway: true, token: null }, 'copy'],
    ['won', { coupon: coupon('closed'), told: won }, 'copy'],
    ['revoked', { told: { kind: 'revoked' }, isAway: true }],
    ['away', { isAway: true, token: null }],
    ['sign_in', { token: null, coupon: coupon('sold_out') }, 'sign_in_button'],
    ['loading', { token: undefined }],
    ['loading', { coupon: null }],
    ['asking', { told: { kind: 'asking' }, coupon: coupon('paused') }, 'get, not yet'],
    ['checking', { told: { kind: 'checking' } }, 'get, not yet'],
    ['busy', { told: { kind: 'busy', until: opensAt + 1 } }, 'get, not yet'],
    ['not_eligible', { told: { kind: 'not_eligible' } }],
    ['scheduled', { coupon: coupon('scheduled'), at: opensAt - 1 }, 'get, not yet'],
    ['open', { coupon: coupon('scheduled') }, 'get'],
    ['open', {}, 'get'],
    ['paused', { coupon: coupon('paused') }],
    ['sold_out', { coupon: coupon('sold_out') }],
    ['closed', { coupon: coupon('closed') }],
  ]
  for (const [word, given, button] of cases) {
    it(`is ${word} where ${JSON.stringify(given)}`, () => {
      const view = viewOf({ ...facts, ...given })
      assert.equal(view.word, word)
      const { button: shown, disabled } = view
      assert.equal(shown && `${shown}${disabled ? ', not yet' : ''}`, button)
    })
  }

  it('counts down to the opening, or until it asks again, and to nothing else', () => {
    const before = { ...facts, coupon: coupon('scheduled'), at: opensAt - 5_000 }
    assert.equal(viewOf(before).waitMs, 5_000)
    assert.equal(viewOf({ ...before, token: null }).waitMs, 5_000)
    assert.equal(viewOf({ ...facts, told: { kind: 'busy', until: opensAt + 900 } }).waitMs, 900)
    assert.ok(viewOf({ ...facts, at: opensAt }).waitMs <= 0)
  })

  it('says how many are left while it is open, to whoever looks', () => {
    for (const given of [{}, { told: won }, { token: null }]) {
      assert.equal(viewOf({ ...facts, ...given }).left, 7)
    }
    assert.equal(viewOf({ ...facts, coupon: coupon('sold_out') }).left, undefined)
  })
})

describe('the words', () => {
  it('are there in both languages, with the same gaps', () => {
    for (const [word, [english, korean]] of Object.entries(words)) {
      assert.ok(Math.min(english.length, korean.length) > 0, word)
      assert.equal(english.includes('#'), korean.includes('#'), word)
    }
    assert.equal(saying('left', 'en', '7'), '7 left')
    assert.equal(saying('left', 'ko', '7'), '7개 남음')
  })

  it('name a state that must not be mistaken in its own sentence only', () => {
    const own: [Word, RegExp, RegExp][] = [
      ['won', /yours/i, /받았/],
      ['sold_out', /sold out/i, /소진/],
      ['paused', /paused/i, /중지/],
      ['closed', /closed/i, /종료/],
      ['not_eligible', /not eligible/i, /대상/],
      ['revoked', /revoked/i, /회수/],
    ]
    for (const [word, english, korean] of own) {
      const named = (shape: RegExp, language: 0 | 1) =>
        Object.entries(words).flatMap(([name, texts]) => (shape.test(texts[language]) ? name : []))
      assert.deepEqual(named(english, 0), [word])
      assert.deepEqual(named(korean, 1), [word])
    }
  })
})

describe('the time of the server', () => {
  it('is known from the answer that was quickest, and never runs early or backwards', () => {
    const clock = createServerClock()
    assert.equal(clock.at(0), 0)
    // It is 1,000,000 at 0, whatever the phone believes.
    clock.learn(1_000_050, 800)
    assert.equal(clock.at(800), 1_000_050)
    clock.learn(1_001_000, 1_100)
    assert.equal(clock.at(1_100), 1_001_000)
    clock.learn(1_001_100, 2_000)
    assert.equal(clock.at(2_000), 1_001_900)
    assert.equal(clock.at(1_900), 1_001_900)
  })

  it('is counted down in minutes, hours and days', () => {
    const counted = [1, 59 * 60_000 + 1, 3_600_000, 86_399_000, 2 * 86_400_000 + 1]
    assert.deepEqual(
      counted.map((ms) => countdown(ms, ' d ')),
      ['00:01', '59:01', '1:00:00', '23:59:59', '2 d 0:00:01'],
    )
  })
})
