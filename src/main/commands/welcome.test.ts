import assert from 'node:assert/strict'
import { resolve } from 'node:path'
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

test('The commands to try find the service, wherever its data is.', () => {
  const commands = (dataDirectory: string) =>
    welcomeText({ ...welcome, firstRun: true, dataDirectory }).match(/npx firstcome .*/g) ?? []
  for (const command of commands('/srv/data')) assert.match(command, / --data \/srv\/data$/)
  for (const command of commands("/it's mine")) assert.ok(command.endsWith(`'/it'\\''s mine'`))
  for (const command of commands(resolve('data'))) assert.doesNotMatch(command, /--data/)
  assert.equal(commands('/srv/data').length, 4)
})

test('A first start with secrets from the environment does not claim to have made them.', () => {
  const text = welcomeText({ ...welcome, firstRun: true, secretsKept: false })
  assert.match(text, /secrets are the ones you gave/)
})

test('A later start says only where it listens and where its data is.', () => {
  const text = welcomeText({ ...welcome, firstRun: false })
  assert.equal(text.trimEnd().split('\n').length, 3)
})
