// `firstcome coupon …` as a real process, against a small service that answers what it is told.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { type DataDirectory, openDataDirectory } from '../../../src/adapters/data-directory.ts'
import { type CliResult, runCli } from '../processes/cli-process.ts'

type Seen = {
  call: string
  token: string
  key: string | undefined
  body: unknown
  ifMatch?: string
}
type Answer = { status: number; body: object | string; type?: string }

const coupon = {
  couponId: 'lunch',
  name: '점심',
  quantity: 150,
  issued: 100,
  remaining: 50,
  status: 'open',
  opensAt: '2026-05-01T03:00:00.000Z',
  closesAt: null,
  discount: { kind: 'percent', value: 10 },
}

const parent = mkdtempSync(join(tmpdir(), 'firstcome-coupon-'))
const service: Server = createServer()
let url = ''
let seen: Seen[] = []
let answer: Answer = { status: 200, body: coupon }
/** Breaks the connection after the request instead of answering. */
let breaks = false
let silent = false
let data: DataDirectory

before(async () => {
  service.on('request', (request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      const { authorization = '', 'idempotency-key': key, 'if-match': ifMatch } = request.headers
      seen.push({
        call: `${request.method} ${request.url}`,
        token: authorization.replace(/^Bearer /, ''),
        key: Array.isArray(key) ? key.join() : key,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        ...(ifMatch === undefined ? {} : { ifMatch }),
      })
      if (silent) return
      if (breaks) return request.socket.destroy()
      const { status, body, type = 'application/json' } = answer
      response.writeHead(status, { 'content-type': type, etag: '"7"' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
})
after(() => {
  service.closeAllConnections()
  service.close()
  rmSync(parent, { recursive: true, force: true })
})
beforeEach(() => {
  seen = []
  answer = { status: 200, body: coupon }
  breaks = false
  silent = false
  data = openDataDirectory({ path: join(parent, randomUUID()), now: Date.now() })
  data.announce(url)
})
afterEach(() => data.close())

function run(...args: string[]): Promise<CliResult> {
  return runCli(['coupon', ...args, '--data', data.path])
}

function claimsOf(token = ''): Record<string, unknown> {
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return JSON.parse(text) as Record<string, unknown>
}

test('Create sends every term as the contract has it and shows the coupon.', async () => {
  answer = { status: 201, body: coupon }
  const times = ['--opens-at', '2026-05-01T12:00:00+09:00', '--closes-at', '2026-05-02T00:00:00Z']
  const terms = ['--name', '점심', '--quantity', '150', '--discount', '10%', ...times]
  const { exitCode, out, err } = await run('create', '--id', 'lunch', ...terms)
  assert.equal(err, '')
  assert.equal(exitCode, 0)
  assert.equal(seen.length, 1)
  assert.equal(seen[0]?.call, 'POST /coupons')
  assert.deepEqual(seen[0]?.body, {
    couponId: 'lunch',
    name: '점심',
    quantity: 150,
    opensAt: '2026-05-01T03:00:00.000Z',
    closesAt: '2026-05-02T00:00:00.000Z',
    discount: { kind: 'percent', value: 10 },
  })
  const lines = [
    'Created.',
    'lunch  점심',
    '  status   open',
    '  issued   100 of 150 (50 left)',
    '  opens    2026-05-01T03:00:00.000Z',
    '  closes   never',
    '  discount 10%',
  ]
  assert.equal(out, `${lines.join('\n')}\n`)
})

test('A time without an offset is one of the zone, is said back, and shown in it.', async () => {
  answer = { status: 201, body: coupon }
  const terms = ['--id', 'lunch', '--name', '점심', '--quantity', '150']
  const times = ['--opens-at', '2026-05-01 12:00', '--zone', 'Asia/Seoul']
  const { exitCode, out, err } = await run('create', ...terms, ...times)
  assert.equal(exitCode, 0)
  const sent = { opensAt: '2026-05-01T03:00:00.000Z', couponId: 'lunch', quantity: 150 }
  assert.partialDeepStrictEqual(seen[0]?.body, sent)
  const said = '2026-05-01 12:00:00 in Asia/Seoul is 2026-05-01T12:00:00.000+09:00'
  assert.equal(err, `${said}\n`)
  assert.match(out, /\n {2}opens {4}2026-05-01T12:00:00\.000\+09:00\n/)
  const skipped = ['--opens-at', '2026-03-29 02:30', '--zone', 'Europe/Berlin']
  const refused = await run('create', ...terms, ...skipped)
  assert.equal(refused.exitCode, 2)
  assert.match(refused.err, /there is no 2026-03-29 02:30:00 in Europe\/Berlin/)
  assert.equal(seen.length, 1)
})

test('List shows a page of coupons, and how to go on.', async () => {
  const other = {
    ...coupon,
    couponId: 'night',
    name: 'Night',
    closesAt: '2026-05-02T00:00:00.000Z',
  }
  answer = { status: 200, body: { coupons: [coupon, other], next: 'night' } }
  const { exitCode, out, err } = await run('list', '--limit', '2', '--after', 'first')
  assert.deepEqual([exitCode, err], [0, ''])
  assert.equal(seen[0]?.call, 'GET /coupons?limit=2&after=first')
  const lines = [
    'lunch  점심',
    '  open, 100 of 150 (50 left), from 2026-05-01T03:00:00.000Z',
    'night  Night',
    '  open, 100 of 150 (50 left), from 2026-05-01T03:00:00.000Z until 2026-05-02T00:00:00.000Z',
    'There are more: --after night',
  ]
  assert.equal(out, `${lines.join('\n')}\n`)
  answer = { status: 200, body: { coupons: [] } }
  assert.equal((await run('list')).out, 'No coupons.\n')
})

test('Create leaves out what was not given and makes up an id; times count from now.', async () => {
  answer = { status: 201, body: coupon }
  const asked = Date.now()
  const terms = ['--name', 'x', '--quantity', '1', '--opens-at', '+10m', '--discount', '5000']
  await run('create', ...terms)
  const body = seen[0]?.body as { couponId: string; opensAt: string }
  assert.deepEqual(Object.keys(body), ['couponId', 'name', 'quantity', 'opensAt', 'discount'])
  assert.match(body.couponId, /^coupon-[0-9a-f]{8}$/)
  const wait = Date.parse(body.opensAt) - asked
  assert.ok(wait >= 600_000 && wait < 660_000, `${wait} ms`)
})

test('Creating the same again says that it was there already.', async () => {
  const { exitCode, out } = await run('create', '--id', 'lunch', '--name', 'x', '--quantity', '1')
  assert.equal(exitCode, 0)
  assert.match(out, /^It was there already, with the same terms\.\nlunch/)
})

test('Calls are signed as an operator with the secret kept, for a minute.', async () => {
  await run('pause', 'lunch')
  const { sub, scope, iat, exp } = claimsOf(seen[0]?.token)
  assert.deepEqual([sub, scope], ['operator', 'operator'])
  assert.equal(Number(exp) - Number(iat), 60)
})

test('A token that is given is sent as it is.', async () => {
  await run('pause', 'lunch', '--token', 'mine')
  assert.equal(seen[0]?.token, 'mine')
})

test('Show needs no secret and sends no token.', async () => {
  const path = join(parent, 'empty')
  const args = ['coupon', 'show', 'lunch', '--url', url, '--data', path]
  const { exitCode, out } = await runCli(args)
  assert.equal(exitCode, 0)
  assert.deepEqual(seen, [
    { call: 'GET /coupons/lunch', token: '', key: undefined, body: undefined },
  ])
  assert.match(out, /^lunch {2}점심\n {2}status {3}open\n/)
})

test('Pause, resume and close call what they are named after, without a body.', async () => {
  for (const verb of ['pause', 'resume', 'close']) {
    const { exitCode } = await run(verb, 'lunch', ...(verb === 'close' ? ['--yes'] : []))
    assert.equal(exitCode, 0, verb)
  }
  const calls = seen.map(({ call, body }) => [call, body])
  assert.deepEqual(calls, [
    ['POST /coupons/lunch/pause', undefined],
    ['POST /coupons/lunch/resume', undefined],
    ['POST /coupons/lunch/close', undefined],
  ])
})

test('Restock sends a key of its own each time, or the one that is given.', async () => {
  const { out } = await run('restock', 'lunch', '--add', '50')
  await run('restock', 'lunch', '--add', '50')
  await run('restock', 'lunch', '--add', '50', '--key', 'order 1')
  assert.match(out, /^Restocked by 50\.\nlunch/)
  assert.deepEqual(seen[0]?.body, { add: 50 })
  assert.equal(seen[0]?.call, 'POST /coupons/lunch/restock')
  const [first, second, third] = seen.map(({ key }) => key)
  assert.ok(first !== undefined && second !== undefined && first !== second)
  assert.equal(third, 'order 1')
})

test('Every act sends why; an edit expects what it has looked at, a close asks first.', async () => {
  const reason = '재고가 더 왔습니다.'
  const why = ['--reason', reason]
  await run('create', '--id', 'lunch', '--name', 'Lunch', '--quantity', '1', ...why)
  await run('restock', 'lunch', '--add', '50', ...why)
  for (const verb of ['pause', 'resume']) await run(verb, 'lunch', ...why)
  await run('edit', 'lunch', '--name', 'Tea', ...why)
  assert.equal((await run('close', 'lunch')).exitCode, 2, 'nobody said yes')
  assert.ok(seen.slice(0, -1).every(({ body }) => (body as { reason: string }).reason === reason))
  const asked = seen.slice(-3).map(({ call, ifMatch = '' }) => call + ifMatch)
  const edit = 'PATCH /coupons/lunch'
  const looked = 'POST /coupons/lunch/close?preview=true'
  assert.deepEqual(asked, [`${edit}?preview=true`, `${edit}"7"`, looked])
  await run('edit', 'lunch', '--name', 'Tea', '--yes')
  assert.deepEqual([seen.length, seen.at(-1)?.ifMatch], [8, undefined], 'it looked first')
})

test('--json prints the answer and nothing else.', async () => {
  const { exitCode, out, err } = await run('show', 'lunch', '--json')
  assert.deepEqual([exitCode, err], [0, ''])
  assert.equal(out, `${JSON.stringify(coupon)}\n`)
})

const invalid = {
  type: '/problems/invalid-request',
  title: 'Invalid request',
  status: 422,
  detail: 'The request breaks the schema: see errors.',
  errors: [
    { path: '/quantity', message: 'must be <= 10000000' },
    { path: '/closesAt', message: 'must be after opensAt' },
  ],
}
const problemType = 'application/problem+json; charset=utf-8'

test('A refusal ends with 1 and is shown with its detail and every field.', async () => {
  answer = { status: 422, body: invalid, type: problemType }
  const { exitCode, out, err } = await run('create', '--name', 'x', '--quantity', '99999999')
  assert.equal(exitCode, 1)
  assert.equal(out, '')
  const lines = [
    'firstcome: the service refused (422 invalid-request): ' +
      'Invalid request: The request breaks the schema: see errors.',
    '  /quantity must be <= 10000000',
    '  /closesAt must be after opensAt',
  ]
  assert.equal(err, `${lines.join('\n')}\n`)
})

test('With --json a refusal is printed as JSON on standard output, and ends with 1.', async () => {
  answer = { status: 422, body: invalid, type: problemType }
  const args = ['--name', 'x', '--quantity', '99999999', '--json']
  const { exitCode, out, err } = await run('create', ...args)
  assert.deepEqual([exitCode, err], [1, ''])
  assert.deepEqual(JSON.parse(out), invalid)
})

test('What the service says cannot write to the terminal behind the reader’s back.', async () => {
  const nasty = 'a\u001b[2Jb\u009b31mc\nd\u202ee'
  answer = { status: 200, body: { ...coupon, name: nasty, closesAt: nasty } }
  const shown = await run('show', 'lunch')
  answer = { status: 409, body: { title: nasty, errors: [{ path: nasty, message: nasty }] } }
  const refused = await run('pause', 'lunch')
  for (const text of [shown.out, refused.err]) {
    for (const sign of ['\u001b', '\u009b', '\u202e']) {
      assert.ok(!text.includes(sign), JSON.stringify(text))
    }
    assert.ok(!text.includes('\nd'), JSON.stringify(text))
  }
})

test('A token that the service does not take is explained, if it was signed here.', async () => {
  answer = { status: 401, body: { type: '/problems/unauthorized', title: 'Unauthorized' } }
  const signed = await run('pause', 'lunch')
  assert.equal(signed.exitCode, 1)
  assert.match(signed.err, /signed with the secret of .*\n.*--data.*--token/)
  const given = await run('pause', 'lunch', '--token', 'mine')
  assert.equal(given.exitCode, 1)
  assert.doesNotMatch(given.err, /signed with/)
})

describe('These end with 3, for the service did not answer the question:', () => {
  test('nobody listens; nothing was done', async () => {
    data.announce('http://127.0.0.1:1')
    const { exitCode, out, err } = await run('restock', 'lunch', '--add', '1')
    assert.deepEqual([exitCode, out], [3, ''])
    assert.match(err, /nothing answers at http:\/\/127.0.0.1:1 \(connection refused\)/)
    assert.match(err, /npx firstcome start/)
    assert.doesNotMatch(err, /not known/)
  })
  test('the connection broke: how to ask again without doing it twice', async () => {
    breaks = true
    const { exitCode, err } = await run('restock', 'lunch', '--add', '7')
    assert.equal(exitCode, 3)
    const key = seen[0]?.key ?? 'none'
    assert.ok(err.includes(`firstcome coupon restock lunch --add 7 --key ${key}`), err)
    assert.equal(seen.length, 1, 'it was retried')
  })
  test('the connection broke on create: the id to look for', async () => {
    breaks = true
    const { exitCode, err } = await run('create', '--name', 'x', '--quantity', '1')
    assert.equal(exitCode, 3)
    const body = seen[0]?.body as { couponId: string }
    assert.ok(err.includes(`firstcome coupon show ${body.couponId}`), err)
  })
  test('not decided yet', async () => {
    answer = { status: 202, body: { outcome: 'pending' } }
    const { exitCode, out, err } = await run('pause', 'lunch', '--json')
    assert.deepEqual([exitCode, out], [3, '{"outcome":"pending"}\n'])
    assert.match(err, /not decided in time.*firstcome coupon pause lunch/)
  })
  test('unavailable', async () => {
    const body = { type: '/problems/unavailable', title: 'Unavailable', detail: 'Ask again.' }
    answer = { status: 503, body, type: problemType }
    const { exitCode, err } = await run('pause', 'lunch')
    assert.equal(exitCode, 3)
    assert.match(err, /refused \(503 unavailable\): Unavailable: Ask again\./)
  })
  test('it is something else', async () => {
    answer = { status: 200, body: '<html></html>', type: 'text/html' }
    const { exitCode, err } = await run('show', 'lunch')
    assert.equal(exitCode, 3)
    assert.match(err, /is it a firstcome service\?/)
  })
  test('no address anywhere', async () => {
    const options = { env: { FIRSTCOME_PORT: '0', FIRSTCOME_DATA: join(parent, 'nothing') } }
    const { exitCode, err } = await runCli(['coupon', 'show', 'lunch'], options)
    assert.equal(exitCode, 3)
    assert.match(err, /no service has left its address in .*--url or --data/)
  })
})

test('Ctrl-C during a call ends by that signal and says how to find out.', async () => {
  silent = true
  const interruptAfter = once(service, 'request')
  const args = ['coupon', 'restock', 'lunch', '--add', '7', '--key', 'k', '--data', data.path]
  const { exitCode, signal, err } = await runCli(args, { interruptAfter })
  assert.deepEqual([exitCode, signal], [null, 'SIGINT'])
  assert.match(
    err,
    /Interrupted\.\n.*not known.* firstcome coupon restock lunch --add 7 --key k\n$/,
  )
})

describe('The service is found', () => {
  const away = 'http://127.0.0.1:1'

  test('by --url before what the data directory says', async () => {
    data.announce(away)
    assert.equal((await run('show', 'lunch', '--url', `${url}/`)).exitCode, 0)
  })
  test('by the data directory before the settings', async () => {
    const env = { FIRSTCOME_PORT: '1', FIRSTCOME_DATA: data.path }
    assert.equal((await runCli(['coupon', 'show', 'lunch'], { env })).exitCode, 0)
  })
  test('by the settings where the data directory says nothing', async () => {
    const { port } = new URL(url)
    const env = { FIRSTCOME_PORT: port, FIRSTCOME_HOST: '0.0.0.0', FIRSTCOME_DATA: parent }
    assert.equal((await runCli(['coupon', 'show', 'lunch'], { env })).exitCode, 0)
  })
  test('at this machine where it was announced for every address', async () => {
    data.announce(`http://0.0.0.0:${new URL(url).port}`)
    assert.equal((await run('show', 'lunch')).exitCode, 0)
    data.announce('http://[::]:1')
    assert.match((await run('show', 'lunch')).err, /nothing answers at http:\/\/\[::1\]:1 /)
  })
})
