import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { type ProblemSlug, problemBody, problems } from './problems.ts'

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
  assert.deepEqual(JSON.parse(problemBody('sold-out', { detail: 'None left.', claimId: 'c' })), {
    type: '/problems/sold-out',
    title: 'Sold out',
    status: 409,
    detail: 'None left.',
    claimId: 'c',
  })
})
