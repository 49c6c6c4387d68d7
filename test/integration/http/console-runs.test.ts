// Rehearsals and audits from the console over HTTP, with runs that end when the test says so: one
// of each at a time, the same for the same key, watched by viewers, and ended with the service.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRunBoardMemory } from '../../../src/adapters/memory/run-board.ts'
import { signToken } from '../../../src/client/tokens.ts'
import type { LaunchRun, RunProgress, RunResult } from '../../../src/ports/console-runs.ts'
import { type CallInit, jwtSecret, startedAt, startTestServer } from './fixture.ts'
import { createOpenApiCheck, type OpenApi } from './openapi-check.ts'

const viewer = {
  as: null,
  headers: {
    authorization: `Bearer ${signToken({
      secret: jwtSecret,
      sub: 'vic',
      operator: false,
      scope: 'viewer',
      expiresInSeconds: 600,
      now: startedAt,
    })}`,
  },
}
const operator = { as: 'operator' }
const rehearsals = '/console/rehearsals'
const broken: RunResult = {
  end: {
    verdict: 'broken',
    promises: [
      {
        id: 'I1',
        kept: false,
        checks: [{ name: 'exact', kept: false, detail: '11 issued' }],
        breaches: ['11 issued, expected 10'],
      },
    ],
  },
  report: '{"verdict":"broken"}\n',
}

type Launched = {
  run: Parameters<LaunchRun>[0]
  tell(progress: RunProgress): void
  end(result: RunResult): void
  stopped: string[]
}

async function startChecked(t: TestContext) {
  const launched: Launched[] = []
  const board = createRunBoardMemory()
  const launch: LaunchRun = (run, tell) => {
    const { promise: result, resolve: end } = Promise.withResolvers<RunResult>()
    const stopped: string[] = []
    launched.push({ run, tell, end, stopped })
    const stop = (reason: string) => {
      stopped.push(reason)
      end({ end: { verdict: 'stopped', reason, promises: [] }, report: '{}\n' })
    }
    return { result, stop }
  }
  const server = await startTestServer(t, { runs: { board: () => board, launch } })
  const document = (await server.call('GET /openapi.json')).body as unknown as OpenApi
  const openApi = createOpenApiCheck(document)
  const call = async (line: string, init: CallInit = {}) => {
    const answer = await server.call(line, init)
    openApi.check(line, answer)
    return answer
  }
  const last = () => launched.at(-1) as Launched
  return { ...server, call, launched, last }
}

test('an operator begins one of each kind at a time, and viewers watch it', async (t) => {
  const { call, launched, last } = await startChecked(t)
  assert.equal((await call(`POST ${rehearsals}`, { ...viewer, json: {} })).status, 403)
  assert.deepEqual((await call(`GET ${rehearsals}`, viewer)).body, {})
  assert.equal((await call(`GET ${rehearsals}/report`, viewer)).status, 404)
  const begun = await call(`POST ${rehearsals}`, { ...operator, json: { users: 20 } })
  assert.equal(begun.status, 201)
  assert.deepEqual(begun.body.sizes, { users: 20, quantity: 100 })
  const another = await call(`POST ${rehearsals}`, operator)
  assert.deepEqual([another.status, another.body.type], [409, '/problems/run-under-way'])
  assert.match(String(another.body.detail), /^operator has begun one at 2026-/)
  assert.equal((await call('POST /console/audits', operator)).status, 201)
  assert.deepEqual(
    launched.map(({ run }) => run.kind),
    ['rehearsal', 'audit'],
  )
  launched[0]?.tell({ step: 'Asking', part: 0.5 })
  const { running } = (await call(`GET ${rehearsals}`, viewer)).body as { running?: object }
  assert.deepEqual(running, { ...begun.body, progress: { step: 'Asking', part: 0.5 } })
  launched[0]?.end(broken)
  last().end({ end: { verdict: 'kept', promises: [] }, report: '{"fair":true}\n' })
  await untilOver(call, rehearsals)
  const { last: ended } = (await call(`GET ${rehearsals}`, viewer)).body as { last?: object }
  assert.partialDeepStrictEqual(ended, { by: 'operator', progress: null, end: broken.end })
  const report = await call(`GET ${rehearsals}/report`, viewer)
  assert.deepEqual(report.body, { verdict: 'broken' })
  assert.match(
    report.headers.get('content-disposition') ?? '',
    /^attachment; filename="firstcome-r/,
  )
})

test('the same key is the same run, while it is under way and when it has ended', async (t) => {
  const { call, launched, last } = await startChecked(t)
  const asked = { ...operator, headers: { 'idempotency-key': 'k' } }
  const { status, body } = await call(`POST ${rehearsals}`, asked)
  assert.equal(status, 201)
  const again = await call(`POST ${rehearsals}`, asked)
  assert.deepEqual([again.status, again.body], [200, body])
  const other = await call(`POST ${rehearsals}`, { ...asked, json: { users: 9 } })
  assert.deepEqual([other.status, other.body.type], [409, '/problems/idempotency-key-reused'])
  last().end(broken)
  await untilOver(call, rehearsals)
  const later = await call(`POST ${rehearsals}`, asked)
  assert.deepEqual([later.status, later.body.runId], [200, body.runId])
  assert.equal(launched.length, 1)
})

test('it is stopped by an operator, and what it left open is closed', async (t) => {
  const { call, last } = await startChecked(t)
  assert.equal((await call(`DELETE ${rehearsals}`, operator)).status, 404)
  await call(`POST ${rehearsals}`, operator)
  const couponId = `rehearsal-${last().run.runId}`
  const json = { couponId, name: 'Rehearsal', quantity: 5, rehearsal: true }
  assert.equal((await call('POST /coupons', { ...operator, json })).status, 201)
  assert.equal((await call(`DELETE ${rehearsals}`, viewer)).status, 403)
  assert.equal((await call(`DELETE ${rehearsals}`, operator)).status, 204)
  assert.deepEqual(last().stopped, ['an operator has stopped it'])
  await untilOver(call, rehearsals)
  assert.equal((await call(`GET /coupons/${couponId}`)).body.status, 'closed')
})

test('a service that stops ends what it has begun', async (t) => {
  const { call, last, close } = await startChecked(t)
  await call('POST /console/audits', operator)
  await close()
  assert.deepEqual(last().stopped, ['the service has stopped'])
})

test('where nothing can be run, and with wrong sizes, it says so', async (t) => {
  const { call } = await startTestServer(t)
  assert.equal((await call('POST /console/audits', operator)).status, 503)
  assert.equal((await call('GET /console/audits', operator)).status, 503)
  for (const users of [0, 5_001, 'x']) {
    const { status } = await call(`POST ${rehearsals}`, { ...operator, json: { users } })
    assert.equal(status, 422)
  }
})

type Call = (line: string, init?: CallInit) => Promise<{ body: Record<string, unknown> }>

async function untilOver(call: Call, path: string): Promise<void> {
  for (let n = 0; n < 200; n++) {
    const { body } = await call(`GET ${path}`, operator)
    if (body.running === undefined) return
  }
  throw new Error(`${path} does not end`)
}
