// Redemptions on Kafka and PostgreSQL: two tills at two API nodes race for one code, two operators
// for one key, a reservation runs out while its use is on its way, and tills go on while consumers
// and a node are killed. ROUNDS (200 unless given) and KILLS set its size, SEED repeats a run.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { unknownCodesMax } from '../../../src/api/redemptions/code-guesses.ts'
import { seededRandom } from '../../simulation/random.ts'
import { type Answer, OrderPeople } from '../orders/order-people.ts'
import { users as people } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { inChunks, sleep } from './node-clients.ts'
import { type Kept, keepRunning } from './order-roles.ts'

const rounds = Number(process.env.ROUNDS ?? 200)
const kills = Number(process.env.KILLS ?? 6)
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const couponId = 'till'
const atOnce = 20
/** At a node of its own: at the others it is as long as the setting is by itself. */
const shortSeconds = 1
const lateRounds = 40
const keyRounds = 60
const askMsMax = 120_000
const killEveryMs = 2_000

const racing = people('race', rounds)
const late = people('late', lateRounds)
const stormy = people('storm', rounds)

describe('tills at two nodes', { timeout: 600_000 }, () => {
  let services: FaultServices
  let clients: OrderPeople
  let hasty: OrderPeople
  let kept: Kept[] = []
  const codes = new Map<string, string>()
  const random = seededRandom(seed)

  before(async () => {
    services = await startFaultServices()
    const issuer = {
      name: 'issuer',
      start: (env: Record<string, string>) => services.role('issuer', env),
    }
    const running: RoleProcess[] = []
    const apis = [0, 1].map((n) => ({
      name: `API node ${n}`,
      start: (env: Record<string, string>) => services.role('api', env),
      async onStarted(role: RoleProcess) {
        running[n] = role
        await clients?.moved(n, role)
      },
    }))
    const consumers = (['order-process', 'coupon-step', undefined] as const).map((only) => ({
      name: only ?? 'all consumers',
      start: (env: Record<string, string>) => services.orders(only, env),
    }))
    kept = await Promise.all([...apis, issuer, ...consumers].map(keepRunning))
    clients = new OrderPeople(running, askMsMax)
    const own = { FIRSTCOME_RESERVATION_SECONDS: String(shortSeconds) }
    hasty = new OrderPeople([await services.role('api', own)], askMsMax)
    const discount = { kind: 'percent', value: 10 }
    await clients.offer(couponId, racing.length + late.length + stormy.length, discount)
    await inChunks([...racing, ...late, ...stormy], atOnce, async (user) => {
      const answer = await clients.insist(`POST /coupons/${couponId}/claims`, { as: user })
      codes.set(user, String(answer.body.code))
    })
  })
  after(async () => {
    for (const one of kept) await one.release()
    await clients?.close()
    await hasty?.close()
    await services?.close()
  })

  const codeOf = (user: string) => codes.get(user) ?? ''
  const cartOf = (user: string, n: number, more: object = {}) => ({
    key: `${user}-${n}`,
    json: { code: codeOf(user), reference: `cart-${user}-${n}`, subtotal: 1_000, ...more },
  })

  it(`race ${rounds} times for one code: one has it, and the other is told so`, async () => {
    await inChunks(racing, atOnce, async (user) => {
      const both = await Promise.all(
        [0, 1].map((node) => clients.insist('POST /redemptions', { ...cartOf(user, node), node })),
      )
      const [has, hasNot] = both.toSorted((a, b) => a.status - b.status)
      assert.deepEqual([has?.status, hasNot?.status], [201, 409], JSON.stringify(both))
      assert.deepEqual(pick(has, 'status', 'discount', 'total'), ['reserved', 100, 900])
      assert.deepEqual(pick(hasNot, 'type'), ['/problems/coupon-already-used'])
    })
  })

  it('try codes out no more often than at one node, whichever is asked', async () => {
    const as = 'operator-who-guesses'
    const guess = (n: number) =>
      clients.call(`GET /codes/AAAA-AAAA-AAAA-${n % 10}`, { as, node: n })
    const told: number[] = []
    for (let n = 0; n < 60; n++) told.push((await guess(n)).status)
    assert.equal(told.filter((status) => status === 404).length, unknownCodesMax, told.join())
    for (const node of [0, 1]) {
      const known = `GET /codes/${codeOf(racing[0] ?? '')}`
      assert.equal((await clients.call(known, { as, node })).status, 429)
      assert.equal((await clients.call(known, { node })).status, 200)
    }
  })

  it('make one thing by a key, though asked for two at once', async () => {
    const stock = { price: 1, stock: 1 }
    const kinds = { coupons: { quantity: 1 }, products: stock }
    for (const [kind, terms] of Object.entries(kinds)) {
      const ids = (n: number) => [0, 1].map((node) => `${kind}-${n}-${node}`)
      await inChunks(
        Array.from({ length: keyRounds }, (_, n) => n),
        atOnce,
        async (n) => {
          const both = await Promise.all(
            ids(n).map((id, node) => {
              const json = { [`${kind.slice(0, -1)}Id`]: id, name: id, ...terms }
              return clients.insist(`POST /${kind}`, { key: `key ${n}`, json, node })
            }),
          )
          isOneThing(both)
          const shown = await Promise.all(
            ids(n).map((id, node) => clients.insist(`GET /${kind}/${id}`, { node: 1 - node })),
          )
          assert.deepEqual(shown.map(({ status }) => status).toSorted(), [200, 404])
        },
      )
    }
  })

  it('reserve for one cart by a key, though it came with two at once', async () => {
    await inChunks(stormy.slice(0, atOnce), atOnce, async (user) => {
      const key = `one-${user}`
      const both = await Promise.all(
        [0, 1].map((node) => {
          const json = { code: codeOf(user), reference: 'cart', subtotal: 1_000 + node }
          return clients.insist('POST /redemptions', { key, json, node })
        }),
      )
      const { redemptionId } = isOneThing(both).body
      const released = await clients.insist(`POST /redemptions/${String(redemptionId)}/release`)
      assert.equal(truthOf(released), 'released')
    })
  })

  it(`are told one truth where a reservation runs out as it is used`, async (t) => {
    const ends = new Map<string, number>()
    await inChunks(late, atOnce, async (user) => {
      const reserved = await hasty.insist('POST /redemptions', cartOf(user, 2))
      assert.equal(reserved.body.status, 'reserved', JSON.stringify(reserved.body))
      const id = String(reserved.body.redemptionId)
      const until = Date.parse(String(reserved.body.reservedUntil))
      await sleep(until - Date.now() + random.int(-60, 20))
      const use = `POST /redemptions/${id}/use`
      const told = await Promise.all([0, 1].map((node) => clients.insist(use, { node })))
      const shown = await Promise.all(
        [0, 1].map((node) => untilOver(() => clients.insist(`GET /redemptions/${id}`, { node }))),
      )
      const truths = new Set([...told, ...shown].map(truthOf))
      assert.equal(truths.size, 1, JSON.stringify([...told, ...shown]))
      for (const truth of truths) ends.set(truth, (ends.get(truth) ?? 0) + 1)
    })
    t.diagnostic(JSON.stringify(Object.fromEntries(ends)))
  })

  it(`go on while ${kills} processes are killed, and every code is spent as they were told`, async (t) => {
    t.diagnostic(`SEED=${seed}`)
    const ends = new Map<string, string>()
    let isKilling = true
    const carts = (async () => {
      for (let turn = 0; isKilling || turn === 0; turn++) {
        const some = stormy.slice(turn * atOnce, (turn + 1) * atOnce)
        if (some.length === 0) break
        await Promise.all(some.map((user) => shop(user, ends)))
      }
    })()
    const victims = kept.filter(({ name }) => name !== 'API node 1')
    for (let n = 0; n < kills; n++) {
      await sleep(killEveryMs * (0.5 + random.next() / 2))
      victims[n % victims.length]?.kill()
    }
    isKilling = false
    await Promise.all([carts, ...kept.map((one) => one.heal())])
    await services.ordersCaughtUp()
    for (const [id, status] of ends) {
      const answers = await Promise.all(
        [0, 1].map((node) => clients.insist(`GET /redemptions/${id}`, { node })),
      )
      for (const answer of answers) assert.equal(truthOf(answer), status, JSON.stringify(answer))
    }
    const used = await services.sql('select count(*), count(distinct user_id) from coupons.uses')
    const [[all, different] = []] = used
    assert.equal(all, different, 'a coupon has one use at most')
    assert.ok(ends.size > 0)
    assert.ok(victims.every((one) => one.deaths() > 0) || kills < victims.length)
    t.diagnostic(`${ends.size} redemptions of the storm; ${all} coupons have somebody`)
  })

  it('leave nothing for an audit to find', async () => {
    const { code, output } = await services.audit()
    assert.equal(code, 0, output)
  })

  /** One cart, or two one behind the other, each asked about until it is told for certain. */
  async function shop(user: string, ends: Map<string, string>): Promise<void> {
    const word = (id: string, said: string) => clients.insist(`POST /redemptions/${id}/${said}`)
    const place = async (n: number, more: object = {}) => {
      const answer = await clients.insist('POST /redemptions', { ...cartOf(user, n, more) })
      assert.ok([200, 201].includes(answer.status), JSON.stringify(answer))
      return answer
    }
    const first = await place(0, random.chance(0.3) ? { use: true } : {})
    const id = String(first.body.redemptionId)
    assert.equal(truthOf(await word(id, 'use')), 'used')
    ends.set(id, 'used')
    if (random.chance(0.5)) return
    assert.equal(truthOf(await word(id, 'release')), 'released')
    ends.set(id, 'released')
    const second = await place(1, { use: true })
    ends.set(String(second.body.redemptionId), 'used')
  }
})

/** Of two by one key: what was made, which its answer says if only when it was asked again. */
function isOneThing(both: readonly Answer[]): Answer {
  const [made, refused] = both.toSorted((a, b) => a.status - b.status)
  assert.ok(made?.status === 201 || made?.status === 200, JSON.stringify(both))
  assert.equal(refused?.status, 409, JSON.stringify(both))
  assert.deepEqual(pick(refused, 'type'), ['/problems/idempotency-key-reused'])
  return made
}

function truthOf({ status, body }: Answer): string {
  return status === 200 || status === 201 ? String(body.status) : 'released'
}

/** A reservation that nobody used is shown as such until its moment. */
async function untilOver(ask: () => Promise<Answer>): Promise<Answer> {
  for (let turn = 0; ; turn++) {
    const answer = await ask()
    if (answer.body.status !== 'reserved' || turn === 100) return answer
    await sleep(50)
  }
}

function pick(answer: Answer | undefined, ...names: string[]): unknown[] {
  return names.map((name) => answer?.body[name])
}
