// An identity provider over HTTP: it signs tokens with keys of its own, serves them as a JSON Web
// Key Set, rotates them, and misbehaves when it is told to.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'
export type SigningKey = {
  kid?: string
  algorithm: Algorithm
  privateKey: KeyObject
  publicKey: KeyObject
  jwk: Record<string, unknown>
}
/** What it does instead of giving its keys. */
export type Misdeed =
  | 'hang'
  | 'slow'
  | 'huge'
  | 'cut'
  | { status: number; body: string; location?: string }
export type IdentityProvider = {
  url: string
  /** What it serves. */
  keys: Record<string, unknown>[]
  misdeed: Misdeed | null
  /** When it was asked, by a clock that only rises. */
  askedAt: number[]
  stop(): Promise<void>
  start(): Promise<void>
}

const slowMs = 200

export async function startIdentityProvider(
  keys: Record<string, unknown>[],
): Promise<IdentityProvider> {
  let port = 0
  const server = createServer((_request, response) => {
    provider.askedAt.push(performance.now())
    answer(provider, response)
  })
  const provider: IdentityProvider = {
    url: '',
    keys,
    misdeed: null,
    askedAt: [],
    async start() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
      provider.url = `http://127.0.0.1:${port}/keys?of=shop`
    },
    async stop() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  await provider.start()
  return provider
}

function answer(given: IdentityProvider, response: ServerResponse): void {
  const { keys, misdeed } = given
  if (misdeed === 'hang') return
  if (misdeed === 'slow')
    return void setTimeout(() => answer({ ...given, misdeed: null }, response), slowMs)
  if (misdeed === 'cut') return void response.destroy()
  const type = { 'content-type': 'application/json' }
  if (misdeed === 'huge') {
    const keySet = JSON.stringify({ keys, more: 'x'.repeat(10 * 1024 * 1024) })
    return void response.writeHead(200, type).end(keySet)
  }
  if (misdeed === null) return void response.writeHead(200, type).end(JSON.stringify({ keys }))
  const { status, body, location } = misdeed
  response.writeHead(status, location === undefined ? {} : { location }).end(body)
}

export function signingKey(algorithm: Algorithm, kid?: string): SigningKey {
  const pair = keyPair(algorithm)
  const named = kid === undefined ? {} : { kid }
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), ...named, use: 'sig', alg: algorithm }
  return { ...named, algorithm, ...pair, jwk }
}

function keyPair(algorithm: Algorithm) {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** `header` overrides what the key says of itself. */
export function signed(key: SigningKey, claims: object, header: object = {}): string {
  const named = key.kid === undefined ? {} : { kid: key.kid }
  const head = { alg: key.algorithm, typ: 'JWT', ...named, ...header }
  const text = `${encoded(head)}.${encoded(claims)}`
  const bytes = Buffer.from(text)
  const signature =
    key.algorithm === 'EdDSA'
      ? sign(null, bytes, key.privateKey)
      : sign('sha256', bytes, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

export function encoded(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
