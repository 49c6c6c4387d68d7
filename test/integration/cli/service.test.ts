// `firstcome coupon …` against the real HTTP service, over a log in memory: that both sides read
// the contract alike. The service runs in this process, the command line in its own.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { type DataDirectory, openDataDirectory } from '../../../src/adapters/data-directory.ts'
import { createConsoleCodesMemory } from '../../../src/adapters/memory/console-codes.ts'
import { createCouponStoreMemory } from '../../../src/adapters/memory/coupon-store.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import {
  type RunningClaimService,
  startClaimService,
} from '../../../src/api/claims/claim-service.ts'
import { type RunningServer, startServer } from '../../../src/api/server.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { batch, coupon as couponOf, row } from '../../contracts/coupon-store-samples.ts'
import { noOrders } from '../../models/no-orders.ts'
import { type CliResult, runCli } from '../processes/cli-process.ts'

const parent = mkdtempSync(join(tmpdir(), 'firstcome-cli-'))
let data: DataDirectory
let claims: RunningClaimService
let server: RunningServer
const store = createCouponStoreMemory()

before(async () => {
  const clock = systemClock()
  data = openDataDirectory({ path: join(parent, 'data'), now: clock.now() })
  const { jwtSecret, codeSecret } = data.secrets
  claims = await startClaimService({
    log: openLogMemory({ topics: { [claimsTopic]: 4 }, clock }),
    clock,
    newId: randomUUID,
    codeSecret,
    onError: (error) => assert.fail(String(error)),
  })
  server = await startServer({
    claims,
    orders: noOrders,
    store: () => store,
    consoleCodes: createConsoleCodesMemory(clock),
    clock,
    newId: randomUUID,
    metricsText: async () => '',
    settings: {
      host: '127.0.0.1',
      port: 0,
      jwtSecret,
      userRateMax: 0,
      operatorRateMax: 0,
      addressRateMax: 0,
    },
  })
  data.announce(server.address)
})
after(async () => {
  await server.close()
  await claims.close()
  data.close()
  rmSync(parent, { recursive: true, force: true })
})

function coupon(...args: string[]): Promise<CliResult> {
  return runCli(['coupon', ...args, '--data', data.path])
}

test('A coupon is created, paused, resumed, restocked, shown and closed.', async () => {
  const terms = ['--id', 'lunch', '--name', '점심', '--quantity', '2', '--discount', '10%']
  const created = await coupon('create', ...terms)
  assert.deepEqual([created.exitCode, created.err], [0, ''])
  assert.match(created.out, /^Created\.\nlunch {2}점심\n {2}status {3}open\n {2}issued {3}0 of 2/)
  assert.match((await coupon('create', ...terms)).out, /^It was there already/)
  assert.match((await coupon('pause', 'lunch')).out, /^Paused.*\nlunch.*\n {2}status {3}paused/)
  assert.match((await coupon('resume', 'lunch')).out, /^Resumed\.\nlunch.*\n {2}status {3}open/)

  const restock = ['restock', 'lunch', '--add', '5', '--key', 'once']
  assert.match((await coupon(...restock)).out, /0 of 7 \(7 left\)/)
  assert.match((await coupon(...restock)).out, /0 of 7 \(7 left\)/)

  const shown = await coupon('show', 'lunch', '--json')
  const { couponId, quantity, status } = JSON.parse(shown.out) as Record<string, unknown>
  assert.deepEqual([couponId, quantity, status], ['lunch', 7, 'open'])
  const name = ['edit', 'lunch', '--name', 'Lunch']
  const preview = await coupon(...name, '--preview')
  const lines = ['What would change about lunch:', '  name      점심 → Lunch', '  0 people hold it']
  assert.equal(preview.out, `${lines.join('\n')}\n`)
  assert.match((await coupon(...name)).out, /^Edited\.\nlunch {2}Lunch\n/)
  const nothing = await coupon('edit', 'lunch', '--reason', 'x')
  assert.deepEqual([nothing.exitCode, nothing.out], [2, ''])

  const asked = await coupon('close', 'lunch')
  assert.deepEqual([asked.exitCode, asked.out], [2, ''])
  assert.match(asked.err, /status {4}open → closed\n {2}7 more people could win it now\n/)
  assert.match(asked.err, /nothing was done.*--yes/)
  assert.match((await coupon('show', 'lunch')).out, /status {3}open/)
  assert.match((await coupon('close', 'lunch', '--yes')).out, /^Closed for good\.\nlunch/)
  const again = await coupon('close', 'lunch', '--preview', '--json')
  const preview2 = { preview: true, couponId: 'lunch', changes: [], people: 0 }
  assert.deepEqual(JSON.parse(again.out), preview2)
})

test('All terms are taken, and shown.', async () => {
  const terms = ['--discount', '20%', '--discount-max', '9000', '--minimum', '10000']
  const other = ['--valid-days', '30', '--audience', 'tier=gold,vip']
  const { out } = await coupon('create', '--name', 'VIP', '--quantity', '9', ...terms, ...other)
  const shown = [
    '  discount 20%, at most 9000',
    '  minimum  10000',
    '  valid    30 days from the claim on',
    '  for      tier gold or vip',
  ]
  assert.ok(out.endsWith(`${shown.join('\n')}\n`), out)
  const until = ['--name', 'x', '--quantity', '1', '--valid-until', '2099-01-01T00:00:00Z']
  const dated = await coupon('create', ...until, '--zone', 'UTC')
  assert.match(dated.out, /\n {2}valid {4}until 2099-01-01T00:00:00\.000Z\n/)
  const wrong = await coupon('create', ...until, '--discount', '500', '--discount-max', '100')
  assert.deepEqual([wrong.exitCode, wrong.out], [2, ''])
})

test('Winners are shown, found, and written as a file.', async () => {
  await coupon('create', '--id', 'won', '--name', 'won', '--quantity', '2')
  const code = 'G2ZJ-9WVN-7CJ9-S'
  const issued = [
    row({ couponId: 'won', slot: 1, userId: '=kim', code, appendedAt: 0 }),
    row({ couponId: 'won', slot: 2, userId: 'lee\u202e', appendedAt: 0 }),
  ]
  await store.apply(batch({ next: 2, coupons: [couponOf({ couponId: 'won' })], issued }))
  const at = '1970-01-01T00:00:00.000Z'
  const first = `       1  ${code}  ${at}  unused  =kim\n`
  const winners = await coupon('winners', 'won', '--zone', 'UTC')
  assert.equal(winners.out, `${first}       2  CODE-2  ${at}  unused  lee\u{fffd}\n`)
  const found = await coupon('winners', 'won', '--code', 'g2zj9wvn7cj9s', '--zone', 'UTC')
  assert.equal(found.out, first)
  assert.equal((await coupon('winners', 'won', '--user', 'nobody')).out, 'No winners.\n')
  const page = await coupon('winners', 'won', '--limit', '1')
  assert.match(page.out, /\nThere are more: --after 1\n$/)
  const file = await coupon('winners', 'won', '--csv')
  const lines = file.out.split('\r\n')
  assert.match(lines[0] ?? '', /^\uFEFFslot,userId,code,/)
  assert.equal(lines[1], `1,"'=kim",${code},${at},unused,,`)
  assert.deepEqual([lines.length, file.exitCode], [4, 0])
  assert.equal((await coupon('winners', 'nobody', '--csv')).exitCode, 1)
  assert.equal((await coupon('winners', 'won', '--csv', '--slot', '1')).exitCode, 2)
  const away = await coupon('winners', 'won', '--csv', '--url', 'http://127.0.0.1:1')
  assert.equal(away.exitCode, 3)
})

test('A made-up id and a relative opening are taken, and the coupon waits for it.', async () => {
  const args = ['--name', 'later', '--quantity', '1', '--opens-at', '+1h', '--closes-at', '+2h']
  const { exitCode, out } = await coupon('create', ...args, '--json')
  assert.equal(exitCode, 0)
  const created = JSON.parse(out) as { couponId: string; status: string }
  assert.equal(created.status, 'scheduled')
  assert.equal((await coupon('show', created.couponId)).exitCode, 0)
})

test('A token made here lets a user claim, and the service tells their coupon.', async () => {
  await coupon('create', '--id', 'one', '--name', 'one', '--quantity', '1')
  const token = (await runCli(['token', '--user', 'kim', '--data', data.path])).out.trim()
  const headers = { authorization: `Bearer ${token}` }
  const claim = `${server.address}/coupons/one/claims`
  const { status } = await fetch(claim, { method: 'POST', headers })
  assert.equal(status, 201)
  assert.match(
    (await coupon('show', 'one')).out,
    /status {3}sold out\n {2}issued {3}1 of 1 \(0 left/,
  )
})

test('What the service refuses ends with 1 and names the reason or the field.', async () => {
  await coupon('create', '--id', 'taken', '--name', 'taken', '--quantity', '1')
  const table: [args: string[], message: RegExp][] = [
    [['show', 'nobody'], /\(404 unknown-coupon\)/],
    [['create', '--id', 'taken', '--name', 'x', '--quantity', '1'], /\(409 coupon-exists\)/],
    [['create', '--name', 'x', '--quantity', '10000001'], /\(422 .*\n {2}\/quantity must be/],
    [['create', '--name', ' ', '--quantity', '1'], /\(422 .*\n {2}\/name must/],
    [['restock', 'taken', '--add', '10000000'], /\(409 quantity-limit\)/],
    [['pause', 'taken', '--token', 'forged'], /\(401 unauthorized\)/],
  ]
  for (const [args, message] of table) {
    const { exitCode, out, err } = await coupon(...args)
    assert.match(err, message)
    assert.deepEqual([exitCode, out], [1, ''], args.join(' '))
  }
  const token = (await runCli(['token', '--user', 'kim', '--data', data.path])).out.trim()
  assert.match((await coupon('pause', 'taken', '--token', token)).err, /\(403 forbidden\)/)
})

test('A link to the console signs a browser in for half a day, as an operator or a viewer.', async () => {
  for (const scope of ['operator', 'viewer'] as const) {
    const args = scope === 'viewer' ? ['--viewer'] : []
    const { exitCode, out, err } = await runCli(['console', ...args, '--data', data.path])
    assert.deepEqual([exitCode, err], [0, ''])
    const [, code] = /^http:\/\/127\.0\.0\.1:\d+\/console#code=([\w-]{32})\n$/.exec(out) ?? []
    const answer = await fetch(`${server.address}/console/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-firstcome-console': '1' },
      body: JSON.stringify({ code }),
    })
    const session = (await answer.json()) as { userId: string; scope: string; endsAt: string }
    assert.deepEqual([session.userId, session.scope], ['operator', scope])
    const hours = (Date.parse(session.endsAt) - Date.now()) / 3_600_000
    assert.ok(hours > 11.9 && hours <= 12, `${hours} hours`)
  }
})
