// Problems in the language that a client prefers, and the pages that their types lead to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownKeywords } from '../../../src/api/http/problems/field-messages.ts'
import { type ProblemSlug, problems } from '../../../src/api/http/problems/problem-texts.ts'
import { koreanProblems } from '../../../src/api/http/problems/problem-texts-ko.ts'
import { type CallInit, startTestServer } from './fixture.ts'

const preferences: [accepted: string | undefined, language: 'en' | 'ko'][] = [
  [undefined, 'en'],
  ['', 'en'],
  ['ko', 'ko'],
  ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
  ['en-US,en;q=0.9,ko;q=0.8', 'en'],
  ['ko;q=0.1', 'ko'],
  ['ko;q=0, en', 'en'],
  ['fr, ko;q=0.2', 'ko'],
  ['fr', 'en'],
  ['kok', 'en'],
  ['*', 'en'],
]

test('a problem is told in Korean to who prefers it, and in English to all others', async (t) => {
  const { call } = await startTestServer(t, { settings: { userRateMax: 100 } })
  for (const [accepted, language] of preferences) {
    const headers = accepted === undefined ? {} : { 'accept-language': accepted }
    const lines: [line: string, as: string | null, slug: ProblemSlug][] = [
      ['POST /coupons/tea/claims', 'ann', 'unknown-coupon'],
      ['POST /coupons/tea/claims', null, 'unauthorized'],
      ['GET /coupons?limit=0', null, 'invalid-request'],
      ['GET /nowhere', null, 'unknown-path'],
      ['DELETE /coupons', null, 'method-not-allowed'],
    ]
    for (const [line, as, slug] of lines) {
      const { body, ...answer } = await call(line, { as, headers })
      const [title, detail] =
        language === 'ko' ? koreanProblems[slug] : [problems[slug].title, problems[slug].detail]
      const told = [body.type, body.title, body.detail]
      assert.deepEqual(told, [`/problems/${slug}`, title, detail], `${accepted} ${line}`)
      assert.equal(body.status, problems[slug].status)
      assert.equal(answer.headers.get('content-language'), language === 'ko' ? 'ko' : null)
    }
  }
})

test('the type of every problem leads to a page about it, in both languages', async (t) => {
  const { call } = await startTestServer(t)
  for (const slug of Object.keys(problems) as ProblemSlug[]) {
    const english = [problems[slug].title, problems[slug].detail] as const
    for (const [language, [title, detail]] of [
      ['en', english],
      ['ko', koreanProblems[slug]],
    ] as const) {
      assert.doesNotMatch(`${title}${detail}`, /[<>&"]/)
      const headers = { 'accept-language': language, accept: 'text/html' }
      const page = await call(`GET /problems/${slug}`, { as: null, headers })
      assert.equal(page.status, 200)
      assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
      assert.match(page.text, new RegExp(`^<!doctype html>\n<html lang="${language}">`))
      assert.ok(page.text.includes(`<h1>${title}</h1>\n<p>${detail}</p>`), slug)
    }
  }
  for (const slug of ['nothing', 'toString', '__proto__']) {
    const { status, body } = await call(`GET /problems/${slug}`, { as: null })
    assert.deepEqual([status, body.type], [404, '/problems/unknown-path'])
  }
})

test('what is wrong with a field, and with a token, is told in both languages', async (t) => {
  const { call } = await startTestServer(t)
  const json = { name: '', quantity: 0.5, opensAt: '2026-05-01', more: 1, validDays: 'x' }
  const soon = { name: 'Tea', quantity: 1, closesAt: '2020-01-01T00:00:00Z' }
  const cases: [line: string, init: CallInit][] = [
    ['POST /coupons', { as: 'operator', json }],
    ['POST /coupons', { as: 'operator', json: soon }],
    ['POST /coupons', { as: 'operator', json: [] }],
    ['POST /coupons', { as: 'operator', json: {} }],
    ['PATCH /coupons/tea', { as: 'operator', json: {} }],
    ['POST /coupons/tea/revocations', { as: 'operator', json: { reason: 'a bot' } }],
    ['POST /orders', { json: { lines: [] }, headers: { 'idempotency-key': 'a' } }],
    ['GET /coupons?limit=0', { as: null }],
    ['GET /coupons?limit=x', { as: null }],
    ['POST /coupons', { as: 'ann', json }],
    ['POST /coupons/tea/claims', { token: 'no.such.token' }],
  ]
  await call('POST /coupons', {
    as: 'operator',
    json: { ...soon, couponId: 'tea', closesAt: undefined },
  })
  for (const [line, init] of cases) {
    const korean = { ...init.headers, 'accept-language': 'ko' }
    const { body, text } = await call(line, { ...init, headers: korean })
    const errors = (body.errors ?? []) as { message: string }[]
    const told = [body.title, body.detail, ...errors.map(({ message }) => message)]
    for (const one of told) assert.match(String(one), /[가-힣]/, text)
    const english = await call(line, init)
    assert.equal(english.status, Number(body.status))
    assert.doesNotMatch(english.text, /[가-힣]/)
  }
})

test('each rule of the shapes of calls has words of its own', async (t) => {
  const { call } = await startTestServer(t)
  const keywords = new Set<string>()
  const rules =
    /^(m(in|ax)\w+|pattern|enum|const|format|type|anyOf|oneOf|not|uniqueItems|multipleOf|if)$/
  const look = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [key, value] of Object.entries(schema)) {
      if (rules.test(key) && !Array.isArray(schema)) keywords.add(key)
      look(value)
    }
  }
  look((await call('GET /openapi.json', { as: null })).body)
  const unknown = [...keywords].filter((keyword) => !knownKeywords.has(keyword))
  assert.deepEqual(unknown, [])
  assert.ok(keywords.size > 8, [...keywords].join(' '))
})
