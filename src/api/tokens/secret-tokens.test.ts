// Held against the library: whatever comes, the same claims or the same refusal.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { createVerifier } from 'fast-jwt'
import { timeIsOurs } from './provider-key.ts'
import { secretVerifier } from './secret-tokens.ts'

const secret = 'a secret of at least thirty-two bytes'
const encoded = (text: string) => Buffer.from(text).toString('base64url')
const header = encoded('{"alg":"HS256","typ":"JWT"}')

function signed(text: string, key = secret): string {
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

function tokenOf(payload: string, head = header): string {
  return signed(`${head}.${encoded(payload)}`)
}

/** What both of them say; fails where they say different things. */
function both() {
  const verify = secretVerifier(secret)
  const byLibrary = createVerifier({ key: secret, algorithms: ['HS256'], ...timeIsOurs })
  const saidBy = (verifier: (token: string) => unknown, token: string) => {
    try {
      return { claims: verifier(token) }
    } catch (error) {
      return { code: (error as { code?: string }).code }
    }
  }
  return (token: string) => {
    const said = saidBy(verify, token)
    assert.deepEqual(said, saidBy(byLibrary, token), token)
    return said
  }
}

const payloads = [
  '{"sub":"ann"}',
  '{"sub":"지우","exp":1e12,"__proto__":{"a":1}}',
  '{}',
  // What a provider of groups and audiences says.
  '{"iss":"https://id.example","aud":["shop","till"],"sub":"ann","exp":1e12,"iat":1.5,"nbf":0,' +
    '"tier":"gold","groups":["a","é"],"scope":"redeem","realm_access":{"roles":["x"]},"aud":"z"}',
]
const noClaims = ['[]', 'null', '"text"', '7', '{', '', '\ufeff{}', '{"sub":"ann"} x']

test('what is signed is read, and nothing else, as by the library', () => {
  const say = both()
  for (const payload of [...payloads, ...noClaims, ...payloads]) say(tokenOf(payload))
  for (const payload of payloads) {
    const token = tokenOf(payload)
    const [head = '', body = '', signature = ''] = token.split('.')
    const others = [
      signed(`${head}.${body}`, 'another secret of at least thirty-two'),
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature.slice(0, -1)}`,
      `${head}.${body}.${signature}=`,
      ` ${token}`,
      `${token} `,
      `${head}..${signature}`,
      `.${body}.${signature}`,
      // Signed by whoever has the secret, and no token all the same.
      signed(`${head}.${body}=`),
      signed(`${head}.${body} `),
      signed(`${head}.${body}.${body}`),
      signed(`${head}.`),
      signed(head),
      // A character that has the lowest byte of another.
      token.replace('.e', '.\u0165'),
      // The last character has two bits that say nothing.
      `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`,
    ]
    for (const other of others) say(other)
  }
})

test('a header is known by its text alone, however many there are', () => {
  const say = both()
  const heads = [
    '{"alg":"HS256"}',
    '{"typ":"JWT","alg":"HS256"}',
    '{"alg":"none"}',
    '{"alg":"HS512"}',
    '{"alg":"HS256","crit":["b64"],"b64":false}',
    '{"alg":"HS256","crit":[]}',
    ...Array.from({ length: 40 }, (_, n) => `{"alg":"HS256","kid":"${n}"}`),
  ]
  for (const payload of payloads) for (const head of heads) say(tokenOf(payload, encoded(head)))
  assert.deepEqual(say(tokenOf('{}', encoded(heads[2] ?? ''))), {
    code: 'FAST_JWT_INVALID_ALGORITHM',
  })
})

test('one character of a token changed is as by the library', () => {
  const say = both()
  const token = tokenOf('{"sub":"ann","exp":2000000000}')
  say(token)
  const others = ['', 'A', 'B', 'g', 'w', '.', '=', '+', '_', '\n', '\0', '\u00e9', '\u0165', '지']
  for (let at = 0; at < token.length; at += 1) {
    for (const other of others) say(token.slice(0, at) + other + token.slice(at + 1))
  }
})
