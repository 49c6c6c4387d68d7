// Sales through three nodes and a real Redis to which everything happens: emptied at 10, 50, 99
// and 100 % of the sale, restarted, killed, paused, refusing, absent. Exactly as many are issued
// as there are each time, and everyone else is told so.

import assert from 'node:assert/strict'
import { after, beforeEach, describe, it } from 'node:test'
import { startRedisGate } from '../../../src/adapters/redis/gate.ts'
import type { Gate } from '../../../src/ports/gate.ts'
import { ownRedisForTests } from '../../services/redis.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { askAll, type GatedNodes, startGatedNodes } from './gated-nodes.ts'

const own = await ownRedisForTests()
const skip = typeof own === 'string' ? own : false
after(async () => {
  if (typeof own !== 'string') await own.close()
})

const quantity = 100
const users = 400
/** Three asks of one user come close together, as double clicks and retries do. */
const asks = Array.from({ length: 3 * users }, (_, n) => `user-${Math.floor(n / 3)}`)
/** Without Redis a claim takes a few milliseconds more, on a busy machine some hundreds. */
const tookMsMax = 3_000

function redis() {
  assert.ok(typeof own !== 'string')
  return own.server
}

type Sale = {
  url?: string
  /** Happens as soon as so many have been told that they won. */
  at?: number
  fault?: () => unknown
  mend?: () => unknown
  /** What else must hold in the end. */
  check?: (gated: GatedNodes) => void
}

async function sell(sale: Sale): Promise<void> {
  const url = sale.url ?? redis().url
  const gate = (clock: Parameters<typeof startRedisGate>[0]['clock']): Gate =>
    startRedisGate({ url, clock })
  const gated = await startGatedNodes({ nodes: 3, gate, appendMs: 4, tailMs: 1 })
  try {
    await runSale(gated, sale)
    sale.check?.(gated)
  } finally {
    await gated.close()
  }
}

async function runSale(gated: GatedNodes, { url, at = 0, fault, mend }: Sale): Promise<void> {
  await gated.create('sale', quantity)
  if (url === undefined) {
    await waitFor('the gates to be here', () => gated.gates.every((gate) => gate.isHere()))
  }
  const winners = new Map<string, number>()
  let happened: Promise<unknown> | null = at === 0 ? Promise.try(() => fault?.()) : null
  await happened
  const told = await askAll(gated, {
    couponId: 'sale',
    users: asks,
    atOnce: 90,
    onAnswer({ userId, answer }) {
      if (answer.kind !== 'issued') return
      const { slot } = answer.issued
      assert.equal(winners.get(userId) ?? slot, slot, `${userId} was told two slots`)
      winners.set(userId, slot)
      if (winners.size >= at) happened ??= Promise.try(() => fault?.())
    },
  })
  assert.ok(happened, 'the fault has happened')
  await happened
  await mend?.()
  assert.equal(winners.size, quantity)
  assert.equal(new Set(winners.values()).size, quantity)
  assert.ok(gated.nodes.every((node) => node.coupon('sale')?.winners.size === quantity))
  for (const { userId, answer, tookMs } of told) {
    const truth = winners.has(userId) ? 'issued' : 'sold_out'
    assert.equal(answer.kind, truth, `${userId} was told ${answer.kind}`)
    assert.ok(tookMs < tookMsMax, `${userId} waited ${tookMs} ms`)
  }
}

describe('a sale behind a gate on Redis', { skip }, () => {
  beforeEach(async () => {
    if (skip === false) await redis().flush()
  })

  it('issues exactly what there is, and writes little more than that into the log', () =>
    sell({
      check({ claimRecords, verdicts }) {
        const records = claimRecords()
        assert.ok(records >= quantity && records < 2 * quantity, `${records} records`)
        assert.ok(verdicts.seen > 0 && verdicts.full > 0, 'the gate had something to do')
      },
    }))

  for (const percent of [10, 50, 99, 100]) {
    it(`issues exactly what there is where Redis is emptied at ${percent} % of it`, () =>
      sell({ at: (quantity * percent) / 100, fault: () => redis().flush() }))
  }

  it('issues exactly what there is where Redis is killed and starts empty', () =>
    sell({
      at: quantity / 2,
      async fault() {
        await redis().crash()
        await redis().start()
      },
    }))

  it('issues exactly what there is while Redis is paused', () =>
    sell({ at: 10, fault: () => redis().pause(), mend: () => redis().resume() }))

  it('issues exactly what there is where Redis is paused now and then', async () => {
    const times = { left: 5 }
    function pauseAgain(): void {
      if (times.left-- === 0) return
      redis().pause()
      setTimeout(() => {
        redis().resume()
        setTimeout(pauseAgain, 10)
      }, 15)
    }
    await sell({ fault: pauseAgain, mend: () => waitFor('the last pause', () => times.left < 0) })
  })

  it('issues exactly what there is where Redis becomes a replica', () =>
    sell({
      at: 20,
      fault: () => redis().command('REPLICAOF', '127.0.0.1', '1'),
      mend: () => redis().command('REPLICAOF', 'NO', 'ONE'),
    }))

  it('issues exactly what there is where Redis runs out of memory', () =>
    sell({
      at: 20,
      fault: () => redis().command('CONFIG', 'SET', 'maxmemory', '1'),
      mend: () => redis().command('CONFIG', 'SET', 'maxmemory', '0'),
    }))

  it('issues exactly what there is where Redis says that everyone has it already', () =>
    sell({
      at: 5,
      async fault() {
        for (const key of (await redis().command('KEYS', '*:count')) as string[]) {
          await redis().command('HSET', key, 'used', '1000000', 'issued', '0')
        }
      },
    }))

  it('issues exactly what there is without a Redis from the start', async () =>
    sell({
      url: `redis://127.0.0.1:${await freePort()}`,
      check: ({ verdicts }) => assert.deepEqual(verdicts, { pass: 0, seen: 0, full: 0 }),
    }))
})
