// A sale through three API nodes while a node, an issuer, Redis and PostgreSQL are each killed and
// come back. USERS (2,000 unless given), QUANTITY (half of them) and SECONDS (12) set its size,
// SEED repeats a run. Everybody asks three times: twice at once, through two nodes, and later.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import { seededRandom } from '../../simulation/random.ts'
import { users as people } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, partitions, readiness, startFaultServices } from './fault-services.ts'
import { checkLedger, checkOrder, checkRows } from './ledger-checks.ts'
import { type Ask, isDefinite, latencyMs, NodeClients, sleep, tally } from './node-clients.ts'

const users = Number(process.env.USERS ?? 2_000)
const quantity = Number(process.env.QUANTITY ?? users / 2)
const seconds = Number(process.env.SECONDS ?? 12)
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const couponId = 'storm'
const nodes = 3
/** API nodes keep a snapshot after every batch, and each start begins from one. */
const kept = { FIRSTCOME_TEST_FAULTS: 'snapshots:1' }

describe('a storm of claims', { timeout: 300_000 }, () => {
  let services: FaultServices
  let apis: RoleProcess[]
  let issuers: RoleProcess[]
  let clients: NodeClients

  before(async () => {
    services = await startFaultServices()
    const start = (role: 'api' | 'issuer', count: number) =>
      Promise.all(Array.from({ length: count }, () => services.role(role, kept)))
    issuers = await start('issuer', 2)
    apis = await start('api', nodes)
    clients = new NodeClients(apis)
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  it(`of ${users} people × 3 issues exactly ${quantity} while everything is killed once`, async (t) => {
    t.diagnostic(`SEED=${seed}`)
    await clients.crowd(0).create({ couponId, quantity })
    const startedAt = performance.now()
    const faults = killAll({ services, clients, apis, issuers })
    await Promise.all([storm(clients, faults), faults])
    const tookSeconds = (performance.now() - startedAt) / 1000
    for (const line of [...report(clients.asks, tookSeconds), ...(await faults)]) {
      t.diagnostic(line)
    }
    const lost = clients.asks.filter(({ status }) => status === 0).length
    assert.ok(lost > 0, 'the kills met people who asked')
  })

  it('told everybody the truth, for ever, through every node', async (t) => {
    await services.rowsCaughtUp()
    const held = await checkRows(services, { couponId, quantity })
    assert.equal(held.length, quantity)
    checkLedger(clients.asks, held)
    const inOrder = checkOrder(clients.asks)
    const definite = clients.asks.filter(isDefinite).length
    assert.equal(definite, 3 * users)
    t.diagnostic(`n = ${definite} definite answers of ${users} people, 0 untrue`)
    t.diagnostic(`n = ${inOrder} winning claims, 0 overtaken by one that was sent later`)
    await tellSame(clients, held)
  })

  it('left nothing for an audit to find, and everything at work', async () => {
    const { code, output, counts } = await services.audit()
    assert.equal(code, 0, output)
    assert.deepEqual([counts.winners, counts.rows, counts.lagRecords], [quantity, quantity, 0])
    for (const role of [...apis, ...issuers]) {
      const { ready, text } = await readiness(role)
      assert.ok(ready, text)
    }
  })
})

/** Of the time: nearly all coupons are sold. The last ones are won when everything is back. */
const healedAt = 0.45

/** People come at random moments of the time; the first two of their asks are a double click. */
async function storm(clients: NodeClients, healed: Promise<unknown>): Promise<void> {
  const random = seededRandom(seed)
  const arrivals: { at: number; user: string; node: number }[] = []
  for (const user of people(couponId, users)) {
    const at = random.next() * seconds * 1000
    const node = random.int(0, nodes - 1)
    arrivals.push({ at, user, node }, { at, user, node: node + 1 })
    arrivals.push({ at: at + random.int(100, 2_000), user, node: random.int(0, nodes - 1) })
  }
  arrivals.sort((a, b) => a.at - b.at)
  let startedAt = performance.now()
  let waited = false
  const asking: Promise<Ask>[] = []
  for (const { at, user, node } of arrivals) {
    if (!waited && at > healedAt * seconds * 1000) {
      await healed
      waited = true
      startedAt = performance.now() - at
    }
    const early = startedAt + at - performance.now()
    if (early > 1) await sleep(early)
    asking.push(clients.askUntilDefinite(couponId, user, node))
  }
  await Promise.all(asking)
}

type Victims = {
  services: FaultServices
  clients: NodeClients
  apis: RoleProcess[]
  issuers: RoleProcess[]
}

/** Each is killed when so much of the sale is over, and comes back later in it. */
async function killAll({ services, clients, apis, issuers }: Victims): Promise<string[]> {
  const { redis, postgres } = services
  const during = async (name: string, [from, to]: [number, number], fault: Fault) => {
    await sold(clients, from)
    const killedAt = performance.now()
    await fault.kill()
    await sold(clients, to)
    await fault.start()
    const away = ((performance.now() - killedAt) / 1000).toFixed(1)
    return `${name}: killed at ${100 * from} %, back after ${away} s at ${percentSold(clients)} %`
  }
  return Promise.all([
    during('Redis', [0.1, 0.3], { kill: redis.crash, start: redis.start }),
    during('PostgreSQL', [0.15, 0.35], { kill: postgres.crash, start: postgres.start }),
    during('the issuer of this coupon', [0.45, 0.5], {
      async kill() {
        const owner = await ownerOf(issuers, partitionFor(couponId, partitions))
        await issuers[owner]?.crash()
        issuers.splice(owner, 1)
      },
      async start() {
        issuers.push(await services.role('issuer'))
      },
    }),
    during('an API node', [0.3, 0.4], {
      kill: async () => apis[1]?.crash(),
      async start() {
        apis[1] = await services.role('api', kept)
        await clients.moved(1, apis[1])
      },
    }),
  ])
}

type Fault = { kill(): Promise<void>; start(): Promise<void> }

async function sold(clients: NodeClients, part: number): Promise<void> {
  const deadline = performance.now() + 60_000
  while (percentSold(clients) < 100 * part) {
    assert.ok(performance.now() < deadline, `${percentSold(clients)} % are sold, no more`)
    await sleep(5)
  }
}

function percentSold({ slotMax }: NodeClients): number {
  return Math.round((100 * slotMax) / quantity)
}

async function ownerOf(issuers: readonly RoleProcess[], partition: number): Promise<number> {
  const owned = `firstcome_issuer_position{partition="${partition}"}`
  const texts = await Promise.all(
    issuers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  )
  const owner = texts.findIndex((text) => text.includes(owned))
  assert.ok(owner >= 0, `nobody issues partition ${partition}`)
  return owner
}

function report(asks: readonly Ask[], tookSeconds: number): string[] {
  const definite = asks.filter(isDefinite)
  const ms = (p: number) => `${latencyMs(definite, p)} ms`
  return [
    `${asks.length} answers in ${tookSeconds.toFixed(1)} s: ${tally(asks)}`,
    `definite answers took: p50 ${ms(0.5)}, p99 ${ms(0.99)}, at most ${ms(1)}`,
  ]
}

/** The last slots were won while something was away; every node knows all of them. */
async function tellSame(
  clients: NodeClients,
  held: readonly { user: string; code: string }[],
): Promise<void> {
  const some = held.filter((_, n) => n % Math.ceil(held.length / 200) === 0)
  for (let node = 0; node < nodes; node++) {
    const told = await Promise.all(some.map(({ user }) => clients.crowd(node).mine(couponId, user)))
    assert.deepEqual(
      told.map(({ code }) => code),
      some.map(({ code }) => code),
    )
  }
}
