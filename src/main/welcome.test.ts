import assert from 'node:assert/strict'
import { test } from 'node:test'
import { welcomeText } from './welcome.ts'

const welcome = { url: 'http://127.0.0.1:8080', dataDirectory: '/srv/data', secretsKept: true }

test('A first start says where it listens, how to get a token, and what to try next.', () => {
  const text = welcomeText({ ...welcome, firstRun: true })
  for (const part of [
    'http://127.0.0.1:8080',
    '/srv/data',
    'npx firstcome token --user',
    'npx firstcome coupon create',
    'npx firstcome rehearse',
    'npx firstcome audit',
    'secrets were made',
  ]) {
    assert.ok(text.includes(part), part)
  }
  assert.ok(text.split('\n').length <= 15, text)
  assert.ok(text.endsWith('\n'))
})

test('A first start with secrets from the environment does not claim to have made them.', () => {
  const text = welcomeText({ ...welcome, firstRun: true, secretsKept: false })
  assert.match(text, /secrets are the ones you gave/)
})

test('A later start says only where it listens and where its data is.', () => {
  const text = welcomeText({ ...welcome, firstRun: false })
  assert.equal(text.trimEnd().split('\n').length, 3)
})
