// `firstcome token`, as a real process.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDataDirectory } from '../../../src/adapters/data-directory.ts'
import { runCli } from '../processes/cli-process.ts'

const parent = mkdtempSync(join(tmpdir(), 'firstcome-token-'))
after(() => rmSync(parent, { recursive: true, force: true }))

const secret = 'a secret of the environment, long enough'

type Claims = { sub: string; scope?: string; iat: number; exp: number }

/** The claims of a token, if this secret signed it. */
function verified(token: string, key: string): Claims {
  const [header = '', claims = '', signature] = token.split('.')
  const algorithm: unknown = JSON.parse(Buffer.from(header, 'base64url').toString())
  assert.deepEqual(algorithm, { alg: 'HS256', typ: 'JWT' })
  const wanted = createHmac('sha256', key).update(`${header}.${claims}`).digest('base64url')
  assert.equal(signature, wanted, 'signed with another secret')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims
}

test('A user’s token is printed alone, signed with the secret of the environment.', async () => {
  const before = Math.floor(Date.now() / 1000)
  const env = { FIRSTCOME_JWT_SECRET: secret }
  const { exitCode, out, err } = await runCli(['token', '--user', 'kim'], { env })
  assert.equal(err, '')
  assert.equal(exitCode, 0)
  assert.match(out, /^[\w.-]+\n$/)
  const claims = verified(out.trim(), secret)
  assert.equal(claims.sub, 'kim')
  assert.equal(claims.scope, undefined)
  assert.ok(claims.iat >= before)
  assert.equal(claims.exp - claims.iat, 86_400)
})

test('An operator has the scope, the name that is given and the time that was asked.', async () => {
  const env = { FIRSTCOME_JWT_SECRET: secret }
  const named = await runCli(['token', '--operator', 'lee', '--ttl', '10m'], { env })
  const { sub, scope, iat, exp } = verified(named.out.trim(), secret)
  assert.deepEqual([sub, scope, exp - iat], ['lee', 'operator', 600])
  const nameless = await runCli(['token', '--operator'], { env })
  assert.equal(verified(nameless.out.trim(), secret).sub, 'operator')
})

test('A token has what every token must have, and the scope that was asked for.', async () => {
  const env = {
    FIRSTCOME_JWT_SECRET: secret,
    FIRSTCOME_JWT_ISSUER: 'https://id',
    FIRSTCOME_JWT_AUDIENCE: 'shop',
    FIRSTCOME_JWT_USER_CLAIM: 'email',
    FIRSTCOME_JWT_SCOPE_CLAIM: 'roles',
  }
  const made = async (...args: string[]) => {
    const { out } = await runCli(['token', ...args], { env })
    const { iat: _, exp: __, ...claims } = verified(out.trim(), secret)
    return claims
  }
  const all = { iss: 'https://id', aud: 'shop' }
  const kim = { sub: 'kim', email: 'kim', ...all }
  assert.deepEqual(await made('--user', 'kim'), kim)
  assert.deepEqual(await made('--user', 'kim', '--scope', 'viewer'), { ...kim, roles: 'viewer' })
  const lee = { sub: 'lee', email: 'lee', ...all, roles: 'operator' }
  assert.deepEqual(await made('--operator', 'lee'), lee)
})

test('With --json the token comes with whose it is and when it ends.', async () => {
  const env = { FIRSTCOME_JWT_SECRET: secret }
  const { out } = await runCli(['token', '--user', 'kim', '--ttl', '90s', '--json'], { env })
  const answer = JSON.parse(out) as Record<string, string>
  assert.deepEqual(Object.keys(answer), ['token', 'sub', 'operator', 'expiresAt'])
  const claims = verified(answer.token ?? '', secret)
  assert.equal(answer.expiresAt, new Date(claims.exp * 1000).toISOString())
})

test('The secret kept in the data directory signs, also while the service holds it.', async () => {
  const path = join(parent, 'held')
  const directory = openDataDirectory({ path, now: Date.now() })
  try {
    const { exitCode, out } = await runCli(['token', '--user', 'kim', '--data', path])
    assert.equal(exitCode, 0)
    assert.equal(verified(out.trim(), directory.secrets.jwtSecret).sub, 'kim')
    const byEnv = await runCli(['token', '--user', 'kim'], { env: { FIRSTCOME_DATA: path } })
    assert.equal(verified(byEnv.out.trim(), directory.secrets.jwtSecret).sub, 'kim')
  } finally {
    directory.close()
  }
})

test('Without any secret it ends with 2 and says how to get one; none is made.', async () => {
  const path = join(parent, 'none')
  const args = ['token', '--user', 'kim', '--data', path]
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { exitCode, out, err } = await runCli(args)
    assert.equal(exitCode, 2)
    assert.equal(out, '')
    assert.match(err, /no secret to sign with .*`firstcome start`.*FIRSTCOME_JWT_SECRET/)
  }
})

test('Damaged secrets end with 2 and a clear message.', async () => {
  const path = join(parent, 'damaged')
  openDataDirectory({ path, now: Date.now() }).close()
  writeFileSync(join(path, 'secrets.json'), '{"jwtSecret":')
  const { exitCode, err } = await runCli(['token', '--user', 'kim', '--data', path])
  assert.equal(exitCode, 2)
  assert.match(err, /^firstcome: .*secrets.json is not JSON: put a good copy back/)
})
