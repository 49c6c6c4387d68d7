// `firstcome dead-letters …` as a real process, against a small service that answers what it is
// told.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type DataDirectory, openDataDirectory } from '../../../src/adapters/data-directory.ts'
import { lettersPerCallMax } from '../../../src/api/orders/many-letters.ts'
import { idsPerCallMax } from '../../../src/main/commands/dead-letters.ts'
import { type CliResult, runCli } from '../processes/cli-process.ts'

type Seen = { call: string; signed: boolean; body: unknown }
type Answer = { status: number; body: object } | 'none'

const id = 'stock-step.orders.3.17'
const other = 'issuer.claims.0.42'
const letter = {
  deadLetterId: id,
  consumer: 'stock-step',
  status: 'waiting',
  origin: {
    topic: 'firstcome.orders',
    partition: 3,
    offset: 17,
    appendedAt: '2026-05-01T03:00:00.000Z',
  },
  key: 'order-1',
  reason: 'the database said no',
  attempts: 6,
  redrives: 1,
  redrivable: true,
  buriedAt: '2026-05-01T03:00:09.000Z',
  acts: [{ act: 'redriven', by: 'kim', at: '2026-05-01T03:00:05.000Z', reason: 'it was away' }],
}
const whole = { ...letter, headers: { ce_id: 'order.placed/1' }, value: 'e30=', text: '{}' }
const counts = {
  redriven: 2,
  unchanged: 0,
  discarded: 0,
  notRedrivable: 0,
  unknown: 0,
  pending: 0,
}
const refusal = (slug: string, status: number) => {
  return { status, body: { type: `/problems/${slug}`, title: slug, status, detail: 'No.' } }
}

const parent = mkdtempSync(join(tmpdir(), 'firstcome-letters-'))
const service: Server = createServer()
let data: DataDirectory
let seen: Seen[] = []
/** In the order of the calls; the last one for all that follow. */
let answers: Answer[] = []

before(async () => {
  service.on('request', (request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      const { authorization = '' } = request.headers
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      seen.push({ call: `${request.method} ${request.url}`, signed: authorization !== '', body })
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 'none'
      if (answer === 'none') return request.socket.destroy()
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve)
  })
  data = openDataDirectory({ path: join(parent, 'data'), now: Date.now() })
  data.announce(`http://127.0.0.1:${(service.address() as AddressInfo).port}`)
})
after(() => {
  data.close()
  service.closeAllConnections()
  service.close()
  rmSync(parent, { recursive: true, force: true })
})
beforeEach(() => {
  seen = []
  answers = []
})

function run(...args: string[]): Promise<CliResult> {
  return runCli(['dead-letters', ...args, '--data', data.path])
}

test('List shows each letter with why, and where the next page starts.', async () => {
  const junk = { ...letter, deadLetterId: other, redrivable: false, reason: 'not JSON\u001b[2J' }
  answers = [{ status: 200, body: { deadLetters: [junk, letter], next: id } }]
  const filter = ['--status', 'waiting', '--consumer', 'stock-step', '--limit', '2']
  const { exitCode, out, err } = await run('list', ...filter, '--after', other)
  assert.deepEqual([exitCode, err], [0, ''])
  const query = `status=waiting&consumer=stock-step&limit=2&after=${other}`
  assert.deepEqual(seen, [{ call: `GET /dead-letters?${query}`, signed: true, body: undefined }])
  const lines = [
    `${other}  waiting, not re-drivable  2026-05-01T03:00:09.000Z`,
    '  not JSON\u{fffd}[2J',
    `${id}  waiting  2026-05-01T03:00:09.000Z`,
    '  the database said no',
    `There are more: --after ${id}`,
  ]
  assert.equal(out, `${lines.join('\n')}\n`)
})

test('List says so where there is none.', async () => {
  answers = [{ status: 200, body: { deadLetters: [] } }]
  const { exitCode, out } = await run('list')
  assert.deepEqual([exitCode, out, seen[0]?.call], [0, 'No dead letters.\n', 'GET /dead-letters'])
})

test('Show shows the record, its place, why it failed and who did what.', async () => {
  answers = [{ status: 200, body: whole }]
  const { exitCode, out } = await run('show', id)
  assert.equal(exitCode, 0)
  assert.deepEqual(seen, [{ call: `GET /dead-letters/${id}`, signed: true, body: undefined }])
  const lines = [
    id,
    '  status    waiting',
    '  consumer  stock-step',
    '  from      firstcome.orders, partition 3, offset 17, 2026-05-01T03:00:00.000Z',
    '  reason    the database said no',
    '  attempts  6, the last one before 2026-05-01T03:00:09.000Z',
    '  key       order-1',
    '  header    ce_id: order.placed/1',
    '  text      {}',
    '  re-driven by kim at 2026-05-01T03:00:05.000Z, after: it was away',
  ]
  assert.equal(out, `${lines.join('\n')}\n`)
  answers = [{ status: 200, body: { ...whole, text: undefined } }]
  assert.match((await run('show', id)).out, /^ {2}base64 {4}e30=$/m)
})

describe('Redrive', () => {
  test('of one letter shows it, or why it is refused', async () => {
    answers = [{ status: 200, body: { ...whole, status: 'redriven' } }]
    const { exitCode, out } = await run('redrive', id)
    assert.equal(exitCode, 0)
    assert.deepEqual(seen, [
      { call: `POST /dead-letters/${id}/redrive`, signed: true, body: undefined },
    ])
    assert.match(out, /^stock-step\.orders\.3\.17\n {2}status {4}re-driven\n/)
    answers = [refusal('not-redrivable', 409)]
    const refused = await run('redrive', other)
    assert.deepEqual([refused.exitCode, refused.out], [1, ''])
    assert.match(refused.err, /refused \(409 not-redrivable\)/)
  })

  test('of several counts them, and ends with 1 where one was refused', async () => {
    answers = [{ status: 200, body: counts }]
    const { exitCode, out, err } = await run('redrive', id, other)
    assert.deepEqual([exitCode, out, err], [0, '2 re-driven.\n', ''])
    const body = { ids: [id, other] }
    assert.deepEqual(seen, [{ call: 'POST /dead-letters/redrive', signed: true, body }])
    answers = [{ status: 200, body: { ...counts, redriven: 0, unchanged: 1, unknown: 1 } }]
    const refused = await run('redrive', id, other)
    const told = '0 re-driven, 1 re-driven before, 1 unknown.\n'
    assert.deepEqual([refused.exitCode, refused.out], [1, told])
  })

  test('of more than one call takes makes several', async () => {
    assert.equal(idsPerCallMax, lettersPerCallMax)
    answers = [{ status: 200, body: counts }]
    const ids = Array.from({ length: idsPerCallMax + 1 }, (_, n) => `issuer.claims.0.${n}`)
    const { exitCode, out } = await run('redrive', ...ids)
    assert.deepEqual([exitCode, out], [0, '4 re-driven.\n'])
    assert.deepEqual(
      seen.map(({ body }) => (body as { ids: string[] }).ids.length),
      [idsPerCallMax, 1],
    )
  })

  test('of all goes on until none is left, and sums up', async () => {
    const some = { ...counts, notRedrivable: 1 }
    answers = [
      { status: 200, body: { ...some, next: id } },
      { status: 200, body: some },
    ]
    const { exitCode, out } = await run('redrive', '--all', '--consumer', 'stock-step', '--json')
    assert.equal(exitCode, 0)
    assert.deepEqual(JSON.parse(out), { ...counts, redriven: 4, notRedrivable: 2 })
    assert.deepEqual(
      seen.map(({ body }) => body),
      [{ consumer: 'stock-step' }, { consumer: 'stock-step', after: id }],
    )
  })

  test('that is not decided in time, or breaks off, ends with 3 and says how to go on', async () => {
    answers = [{ status: 202, body: { ...counts, pending: 3 } }]
    const late = await run('redrive', '--all')
    assert.deepEqual([late.exitCode, late.out], [3, '2 re-driven, 3 not carried out in time.\n'])
    assert.match(late.err, /To go on: firstcome dead-letters redrive --all\n$/)
    answers = [{ status: 200, body: { ...counts, next: id } }, refusal('unavailable', 503)]
    const away = await run('redrive', '--all')
    assert.equal(away.exitCode, 3)
    assert.match(away.err, /refused \(503 unavailable\)[^]*Before that: 2 re-driven\.\n/)
    answers = ['none']
    const broken = await run('redrive', id, other)
    assert.equal(broken.exitCode, 3)
    assert.ok(broken.err.includes(`firstcome dead-letters redrive ${id} ${other}`), broken.err)
  })

  test('needs to be told which, and only once', async () => {
    const wrong = [
      [],
      [id, '--all'],
      [id, '--consumer', 'stock-step'],
      ['an id'],
      ['--all', '--consumer', 'Nobody'],
    ]
    for (const args of wrong) {
      const { exitCode, err } = await run('redrive', ...args)
      assert.equal(exitCode, 2, args.join(' '))
      assert.match(err, /^firstcome: /)
    }
    assert.deepEqual(seen, [])
  })
})

test('Discard takes one after the other, and ends with 1 where one was refused.', async () => {
  const discarded = { ...whole, status: 'discarded' }
  answers = [refusal('dead-letter-redriven', 409), { status: 200, body: discarded }]
  const { exitCode, out, err } = await run('discard', other, id)
  assert.equal(exitCode, 1)
  assert.match(err, /409 dead-letter-redriven/)
  assert.match(out, /^ {2}status {4}discarded$/m)
  assert.deepEqual(
    seen.map(({ call }) => call),
    [`POST /dead-letters/${other}/discard`, `POST /dead-letters/${id}/discard`],
  )
  answers = [{ status: 202, body: { outcome: 'pending' } }]
  const late = await run('discard', id)
  assert.equal(late.exitCode, 3)
  assert.match(late.err, /not decided in time.*firstcome dead-letters show stock-step/)
})
