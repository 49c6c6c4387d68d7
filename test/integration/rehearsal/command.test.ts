// `firstcome rehearse` as a person runs it: what it prints, where, and its exit codes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../../../src/config/settings.ts'
import { type RehearseOptions, runRehearse } from '../../../src/main/commands/rehearse.ts'
import { CommandError, type Context } from '../../../src/main/context.ts'
import { type ServiceFault, startFakeService } from './fake-coupon-service.ts'

type Run = { exitCode: number; out: string; err: string }

async function run(options: RehearseOptions): Promise<Run> {
  const read = readSettings({ FIRSTCOME_JWT_SECRET: 'a secret of at least thirty-two bytes' })
  assert.ok(read.ok)
  const ended: Run = { exitCode: -1, out: '', err: '' }
  const context: Context = {
    settings: read.settings,
    out: (text) => {
      ended.out += text
    },
    err: (text) => {
      ended.err += text
    },
  }
  try {
    ended.exitCode = await runRehearse(options, context)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    ended.exitCode = error.exitCode
    ended.err += error.message
  }
  return ended
}

async function runOn(fault: ServiceFault | null, options: RehearseOptions): Promise<Run> {
  const service = await startFakeService(fault)
  try {
    return await run({ users: 50, quantity: 10, url: service.url, ...options })
  } finally {
    await service.close()
  }
}

test('a rehearsal of an honest service ends with 0 and says so', async (t) => {
  const service = await startFakeService(null)
  t.after(() => service.close())
  const options = { users: 50, quantity: 10, url: service.url, run: 'again' }
  const { exitCode, out, err } = await run(options)
  assert.equal(exitCode, 0)
  assert.match(out, /^50 users storm a fresh coupon of 10, 47 at once\nrun again · http:/)
  assert.match(out, /\n {2}issued {4}10\n {2}sold out {2}40\n {2}unknown {4}0\n/)
  assert.match(out, /– every win is published {13}not judged: there is no log in /)
  assert.match(out, /\nNo promise was broken; 1 promise could not be judged\.\nLeft there: /)
  assert.match(out, /\nLeft there: the coupon rehearsal-again, closed\.\n$/)
  assert.deepEqual([...service.closed], ['rehearsal-again'])
  assert.equal(err, '')
})

test('a rehearsal of a service that breaks a promise ends with 1 and names it', async () => {
  const { exitCode, out } = await runOn('one_too_many', {})
  assert.equal(exitCode, 1)
  assert.match(out, /✗ exactly as many as there are .*\n {6}11 issued, expected 10\n/)
  assert.match(out, /\n2 promises broken\.\nLeft there: .*\n$/)
})

test('with --json there is one object and nothing else', async () => {
  const { exitCode, out, err } = await runOn('one_too_many', { json: true })
  assert.equal(exitCode, 1)
  assert.partialDeepStrictEqual(JSON.parse(out), {
    verdict: 'broken',
    outcomes: { issued: 11, sold_out: 39, unknown: 0 },
  })
  assert.equal(err, '')
})

test('a rehearsal without a service ends with 3', async () => {
  const service = await startFakeService(null)
  await service.close()
  const { exitCode, err } = await run({ url: service.url })
  assert.equal(exitCode, 3)
  assert.match(err, /cannot be reached: nobody listens there$/)
})

test('a coupon of somebody else needs a word of somebody, which scripts give by --yes', async (t) => {
  const service = await startFakeService(null)
  t.after(() => service.close())
  const { url } = service
  const kept = await run({ users: 5, quantity: 3, url, run: 'a', keep: true })
  assert.equal(kept.exitCode, 0, kept.out + kept.err)
  const claims = service.claims()
  const refused = await run({ coupon: 'summer', users: 5, url })
  assert.equal(refused.exitCode, 2)
  assert.match(refused.err, /nothing was taken of summer, .*: --yes says that it may be$/)
  assert.equal(service.claims(), claims)
  const taken = await run({ coupon: 'summer', users: 5, url, yes: true })
  assert.equal(taken.exitCode, 0, taken.out + taken.err)
  assert.deepEqual([...service.closed], [], 'neither was made by this run and is to be closed')
})

const wrong: [RehearseOptions, RegExp][] = [
  [{ rate: 10, concurrency: 10 }, /--rate .* --concurrency/],
  [{ coupon: 'summer', quantity: 10 }, /--quantity .* --coupon/],
  [{ coupon: 'Summer' }, /--coupon must be/],
  [{ run: '../x' }, /--run must be/],
  [{ quantity: 10_000_001 }, /--quantity must be at most 10000000/],
  [{ users: 250_000, asksPerUser: 3 }, /--users times --asks-per-user must be at most 500000/],
  [{ rate: 1_000_001 }, /--rate must be at most/],
]

for (const [options, message] of wrong) {
  test(`${JSON.stringify(options)} is wrong usage`, async () => {
    const { exitCode, out, err } = await run({ url: 'http://127.0.0.1:1', ...options })
    assert.equal(exitCode, 2)
    assert.match(err, message)
    assert.equal(out, '')
  })
}
