// Dead letters of the real service: bytes that somebody wrote into the claims log, and orders that
// could not be paid while their provider was away, seen and handled from the command line.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openLogFile } from '../../../src/adapters/log-file/log-file.ts'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { waitFor } from '../../services/server-process.ts'
import { runCli } from '../processes/cli-process.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'
import { startPaymentProvider } from './payment-provider.ts'

/** Three attempts with their waits, on a busy machine. */
const buriedMsMax = 60_000

describe('Dead letters of a running service', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup()
  })

  async function start(data: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = await startService({ data, env })
    cleanups.push(() => service.crash())
    return service
  }

  async function newData(): Promise<string> {
    const data = await newDataDirectory()
    cleanups.push(() => removeDataDirectory(data))
    return data
  }

  it('show bytes that are no record of the claims log, which stops nothing', async () => {
    const data = await newData()
    await writeJunk(data, ['junk', '{"type":"coupon.claimed","v":1}'])
    const service = await start(data)
    const ids = await waitForLetters(data, 2)
    assert.ok(ids.every((id) => /^issuer\.claims\.\d\.\d$/.test(id)))
    const [first = '', second = ''] = ids
    const shown = await letters(data, 'show', first)
    assert.match(
      shown.out,
      /status {4}waiting, not re-drivable\n[^]*reason {4}(not JSON|malformed)/,
    )
    const redriven = await letters(data, 'redrive', first)
    assert.deepEqual([redriven.exitCode, redriven.out], [1, ''])
    assert.match(redriven.err, /409 not-redrivable/)
    assert.equal((await letters(data, 'redrive', '--all')).out, '0 re-driven, 2 not re-drivable.\n')
    assert.equal((await letters(data, 'discard', first, second)).exitCode, 0)

    const created = ['--id', 'sale', '--name', 'Sale', '--quantity', '1', '--data', data]
    assert.equal((await runCli(['coupon', 'create', ...created])).exitCode, 0)
    assert.equal(await service.stop(), 0, service.output())
    assert.equal((await runCli(['rebuild', '--data', data])).exitCode, 0)
    await start(data)
    const again = await waitForLetters(data, 2, 'discarded')
    assert.deepEqual(again, ids)
    for (const id of ids) {
      assert.match((await letters(data, 'show', id)).out, /\n {2}discarded by operator at /)
    }
  })

  it('hold what a provider that is away cannot be asked, until it is re-driven', async () => {
    const data = await newData()
    const provider = await startPaymentProvider()
    cleanups.push(() => provider.close())
    provider.funds.set('ann', 1_000)
    await provider.stop()
    const service = await start(data, {
      FIRSTCOME_PAYMENT_URL: provider.url,
      FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '600',
    })
    const product = { productId: 'tea', name: 'Tea', price: 300, stock: 5 }
    await waitFor('the product', async () => {
      return (
        (await post(service, { path: '/products', json: product, as: 'operator' })).status < 300
      )
    })
    const order = { lines: [{ productId: 'tea', quantity: 2 }] }
    const placing = { path: '/orders', json: order, as: 'ann' }
    await waitFor('the order', async () => {
      return (await post(service, placing)).status === 202
    })

    const [id = ''] = await waitForLetters(data, 1)
    assert.match(id, /^payment-step\.orders\.\d\.\d+$/)
    const early = await letters(data, 'redrive', id)
    assert.equal(early.exitCode, 0, early.err)
    assert.match(early.out, /re-driven by operator at/)
    await waitFor(
      'the second burial',
      async () => {
        const { out } = await letters(data, 'list', '--status', 'waiting', '--json')
        return out.includes(id)
      },
      buriedMsMax,
    )

    await provider.start()
    const all = ['redrive', '--all', '--consumer', 'payment-step'] as const
    assert.equal((await letters(data, ...all)).out, '1 re-driven.\n')
    assert.equal((await letters(data, ...all)).out, '0 re-driven.\n')
    await waitFor(
      'the end of the order',
      async () => {
        const { status, body } = await post(service, placing)
        return status === 200 && body.status === 'confirmed'
      },
      buriedMsMax,
    )
    assert.deepEqual(
      provider.moves.map(({ kind, amount }) => [kind, amount]),
      [['captured', 600]],
    )
    const { out } = await letters(data, 'show', id)
    assert.match(out, /status {4}re-driven\n/)
    assert.equal(out.match(/re-driven by operator/g)?.length, 2)
    assert.equal(await service.stop(), 0, service.output())
  })

  it('hold a payment that was refused though it had been captured, and the audit says so until it is settled', async () => {
    const data = await newData()
    const provider = await startPaymentProvider()
    cleanups.push(() => provider.close())
    provider.funds.set('ann', 300)
    // It takes the money and loses its answer; then it says that there is not enough.
    provider.mischief.push('lose', { status: 200, body: refusedText })
    const service = await start(data, { FIRSTCOME_PAYMENT_URL: provider.url })
    const product = { productId: 'tea', name: 'Tea', price: 300, stock: 5 }
    await waitFor('the product', async () => {
      return (
        (await post(service, { path: '/products', json: product, as: 'operator' })).status < 300
      )
    })
    const placing = {
      path: '/orders',
      json: { lines: [{ productId: 'tea', quantity: 1 }] },
      as: 'ann',
    }
    await waitFor('the end of the order', async () => {
      return (await post(service, placing)).body.reason === 'insufficient_funds'
    })
    const [id = ''] = await waitForLetters(data, 1)
    const audited = async () => {
      const { exitCode, out } = await runCli(['audit', '--data', data])
      return { exitCode, isDisputed: out.includes('the payment provider contradicts itself') }
    }
    const disputed = { exitCode: 1, isDisputed: true }
    await waitFor('the dispute', async () => (await audited()).isDisputed)
    assert.deepEqual(await audited(), disputed)
    // Nobody has said what became of the money.
    assert.equal((await letters(data, 'discard', id)).exitCode, 0)
    assert.deepEqual(await audited(), disputed)
    assert.equal((await letters(data, 'redrive', id)).exitCode, 0)
    await waitFor('the refund', async () => {
      const { steps } = (await post(service, placing)).body
      return JSON.stringify(steps).includes('"refunded"')
    })
    await waitFor('the dispute to be settled', async () => (await audited()).exitCode === 0)
    assert.deepEqual(
      provider.moves.map(({ kind }) => kind),
      ['captured', 'refunded'],
    )
    assert.equal(await service.stop(), 0, service.output())
  })
})

const refusedText = '{"status":"refused","reason":"insufficient_funds"}'

function letters(data: string, ...args: string[]) {
  return runCli(['dead-letters', ...args, '--data', data])
}

/** Their ids, once there are as many. */
async function waitForLetters(data: string, count: number, status = 'waiting'): Promise<string[]> {
  let ids: string[] = []
  await waitFor(
    'dead letters',
    async () => {
      const { exitCode, out } = await letters(data, 'list', '--status', status, '--json')
      if (exitCode !== 0) return false
      const { deadLetters } = JSON.parse(out) as { deadLetters: { deadLetterId: string }[] }
      ids = deadLetters.map(({ deadLetterId }) => deadLetterId)
      return ids.length >= count
    },
    buriedMsMax,
  )
  assert.equal(ids.length, count)
  return ids
}

async function writeJunk(directory: string, texts: readonly string[]): Promise<void> {
  const log = await openLogFile({ directory, topics: embeddedTopics, clock: systemClock() })
  const entries = texts.map((text) => ({ key: 'sale', value: Buffer.from(text) }))
  await log.append(claimsTopic, entries)
  await log.close()
}

type Post = { path: string; json: object; as: string }

async function post(service: ServiceProcess, { path, json, as }: Post) {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.token(as, as === 'operator')}`,
      'content-type': 'application/json',
      'idempotency-key': 'the only one',
    },
    body: JSON.stringify(json),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
