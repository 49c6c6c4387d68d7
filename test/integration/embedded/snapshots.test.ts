// A service that is started on snapshots says what one says that has read the whole log: also on
// damaged ones, and on those of a log that was put back to what it was before.

import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { signToken } from '../../../src/client/tokens.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { type Running, startEmbedded } from '../../../src/main/roles/embedded.ts'
import { newDataDirectory, removeDataDirectory } from '../processes/service-process.ts'
import { isKeptAway, untilKeptAway } from './kept-coupon.ts'

const secret = 'a secret for these tests only, longer than 32 bytes'
const waitMsMax = 30_000
/** One that creates, and one for each that wins: all others are answered from memory. */
const records = 9

describe('snapshots of one process', () => {
  let data: string
  const kept = () => join(data, 'snapshots', 'claims')
  before(async () => {
    data = await newDataDirectory()
  })
  let running: Running | null = null
  after(async () => {
    await running?.close()
    await removeDataDirectory(data)
  })

  /** `toRead`: how many records its start had to read. */
  async function start(): Promise<{ service: Running; warnings: () => string; toRead: number }> {
    const read = readSettings({
      FIRSTCOME_DATA: data,
      FIRSTCOME_PORT: '0',
      FIRSTCOME_JWT_SECRET: secret,
      FIRSTCOME_DRAIN_SECONDS: '0',
      FIRSTCOME_CLOSED_COUPON_HOURS: '0',
      FIRSTCOME_TEST_FAULTS: 'snapshots:1',
    })
    assert.ok(read.ok)
    const lines: string[] = []
    let toRead = 0
    const service = await startEmbedded({
      settings: read.settings,
      logger: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
      onProgress: (step, _, total) => {
        if (step === 'read') toRead = total
      },
      onFatal: assert.ifError,
    })
    running = service
    return { service, warnings: () => lines.join(''), toRead }
  }

  async function ask(
    service: Running,
    line: string,
    { sub, body }: { sub: string; body?: object },
  ) {
    const [method = '', path = ''] = line.split(' ')
    const now = Date.now()
    const operator = sub === 'op'
    const token = signToken({ secret, sub, operator, expiresInSeconds: 600, now })
    const response = await fetch(service.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as { code?: string } }
  }

  const minesOf = async (service: Running) => {
    const users = Array.from({ length: 12 }, (_, n) => `user-${n}`)
    return Promise.all(
      users.map((user) => ask(service, 'GET /coupons/sale/claims/mine', { sub: user })),
    )
  }
  const claim = (service: Running, user: string) =>
    ask(service, 'POST /coupons/sale/claims', { sub: user })

  const claimsOf = (service: Running) => {
    return Promise.all(Array.from({ length: 12 }, (_, n) => claim(service, `user-${n}`)))
  }

  /** It is ready once they are open. */
  async function untilRowsOf({ url }: Running): Promise<void> {
    const until = performance.now() + waitMsMax
    while ((await fetch(`${url}/readyz`)).status !== 200) {
      assert.ok(performance.now() < until, 'the rows were there')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** All that was decided is kept by then. */
  async function untilKept(count: number): Promise<void> {
    const until = performance.now() + waitMsMax
    while ((await readdir(kept())).filter((name) => !name.endsWith('.new')).length < count) {
      assert.ok(performance.now() < until, 'a snapshot was written')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** What everybody was told once all was decided. */
  let mines: Awaited<ReturnType<typeof minesOf>>

  it('are read instead of the log before them, and change no answer', async () => {
    const first = await start()
    const body = { couponId: 'sale', name: 'Sale', quantity: 8 }
    assert.equal((await ask(first.service, 'POST /coupons', { sub: 'op', body })).status, 201)
    for (let n = 0; n < 5; n++) await claim(first.service, `user-${n}`)
    await untilKept(2)
    await first.service.close()
    for (const part of ['log', 'acknowledged']) {
      await cp(join(data, part), join(data, 'older', part), { recursive: true })
    }

    const second = await start()
    assert.ok(second.toRead < 6, `${second.toRead} were read`)
    const known = (await readdir(kept())).length
    for (let n = 3; n < 12; n++) await claim(second.service, `user-${n}`)
    await untilKept(known + 1)
    mines = await minesOf(second.service)
    assert.equal(mines.filter(({ body: { code } }) => code !== undefined).length, 8)
    assert.equal(second.warnings(), '')
    await second.service.close()

    const third = await start()
    assert.deepEqual(await minesOf(third.service), mines)
    assert.ok(third.toRead < records, `${third.toRead} were read`)
    await third.service.close()
  })

  it('are put aside where they are damaged', async () => {
    const [name = ''] = (await readdir(kept())).toSorted()
    const path = join(kept(), name)
    const bytes = await readFile(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(path, bytes)
    const { service, warnings, toRead } = await start()
    assert.match(warnings(), /is damaged.*the whole log is read instead/)
    assert.equal(toRead, records)
    assert.deepEqual(await minesOf(service), mines)
    await service.close()
  })

  it('are put aside where the log was put back to what it was before', async () => {
    await rm(join(data, 'projection'), { recursive: true })
    for (const part of ['log', 'acknowledged']) {
      await rm(join(data, part), { recursive: true })
      await cp(join(data, 'older', part), join(data, part), { recursive: true })
    }
    const { service, warnings } = await start()
    assert.match(warnings(), /the whole log is read instead/)
    const codes = (await minesOf(service)).map(({ body }) => body.code)
    const told = mines.map(({ body }) => body.code)
    assert.deepEqual(codes, [...told.slice(0, 5), ...Array(7).fill(undefined)])
    assert.equal((await ask(service, 'POST /coupons/sale/close', { sub: 'op' })).status, 200)
    await service.close()
  })

  it('are without the winners of a coupon that was closed, who are found in the rows', async () => {
    const codes = mines.slice(0, 5).map(({ body }) => body.code)
    const { service } = await start()
    await untilRowsOf(service)
    await untilKeptAway(data, 'sale', async (n) => {
      const body = { couponId: `other-${n}`, name: 'Other', quantity: 1 }
      assert.equal((await ask(service, 'POST /coupons', { sub: 'op', body })).status, 201)
    })
    for (const again of [minesOf, claimsOf]) {
      const answers = await again(service)
      assert.deepEqual(
        answers.map(({ status, body }) => (status === 200 ? body.code : status)),
        [...codes, ...Array(7).fill(409)],
      )
    }
    await service.close()
    const next = await start()
    assert.ok(await isKeptAway(data, 'sale'))
    const early = await minesOf(next.service)
    const first = early.slice(0, 5)
    assert.ok(first.every(({ status, body }) => status === 503 || body.code !== undefined))
    await untilRowsOf(next.service)
    const answers = await minesOf(next.service)
    assert.deepEqual(
      answers.map(({ body }) => body.code),
      [...codes, ...Array(7).fill(undefined)],
    )
    await next.service.close()
  })
})
