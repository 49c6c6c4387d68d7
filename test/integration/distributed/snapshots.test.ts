// API nodes that start on the snapshot that one of them has kept in PostgreSQL say what nodes say
// that have read the whole log: after a kill, on a snapshot that is damaged, and after a stop. Also
// once a coupon was closed long ago, and its winners are in PostgreSQL only.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { waitFor } from '../../services/server-process.ts'
import { users } from '../processes/crowd.ts'
import type { RoleProcess } from '../processes/service-process.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { NodeClients } from './node-clients.ts'

const everyRecords = 20
const sale = { couponId: 'sale', quantity: 150 }
const everyone = users('user', 200)
const env = {
  FIRSTCOME_TEST_FAULTS: `snapshots:${everyRecords}`,
  FIRSTCOME_LOG_LEVEL: 'info',
  FIRSTCOME_CLOSED_COUPON_HOURS: '0',
}

describe('the snapshot of several nodes', { timeout: 300_000 }, () => {
  let services: FaultServices
  let nodes: RoleProcess[]
  let clients: NodeClients
  before(async () => {
    services = await startFaultServices()
    nodes = await Promise.all([services.role('api', env), services.role('api', env)])
    clients = new NodeClients(nodes)
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  async function startAgain(n: number): Promise<RoleProcess> {
    const node = await services.role('api', env)
    nodes[n] = node
    await clients.moved(n, node)
    return node
  }

  /** How many records its start had to read. */
  async function readBy(node: RoleProcess): Promise<number> {
    const said = () => /"records":(\d+),"msg":"the log was read"/.exec(node.output())
    await waitFor('what it has read', async () => said() !== null)
    return Number(said()?.[1])
  }

  async function recordsInLog(): Promise<number> {
    return (await services.ends()).reduce((sum, end) => sum + end, 0)
  }

  async function toldBy(n: number, who: readonly string[] = everyone) {
    const told = who.map((user) => clients.crowd(n).mine(sale.couponId, user))
    return (await Promise.all(told)).map(({ outcome, slot, code }) => ({ outcome, slot, code }))
  }

  /** What everybody was told once it was over. */
  let truth: Awaited<ReturnType<typeof toldBy>>

  it('is what a node starts from that was killed, like the others', async (t) => {
    await clients.crowd(0).create(sale)
    await Promise.all(everyone.map((user, n) => clients.askUntilDefinite(sale.couponId, user, n)))
    truth = await toldBy(0)
    assert.equal(truth.filter(({ outcome }) => outcome === 'issued').length, sale.quantity)
    assert.deepEqual(await toldBy(1), truth)
    const records = await recordsInLog()
    await waitFor('a snapshot', async () => {
      const [[kept] = []] = await services.sql('select max(records) from nodes.snapshots')
      return Number(kept) > records - 2 * everyRecords
    })
    for (const node of nodes) await node.crash()
    for (const n of [0, 1]) {
      const read = await readBy(await startAgain(n))
      t.diagnostic(`${read} of ${records} records were read`)
      assert.ok(read < 2 * everyRecords, `${read} records were read`)
      assert.deepEqual(await toldBy(n), truth)
    }
  })

  it('is not used where it is damaged or gone', async () => {
    for (const damage of [
      `update nodes.snapshot_pieces set bytes = set_byte(bytes, 99, get_byte(bytes, 99) # 4)`,
      `truncate nodes.snapshots`,
    ]) {
      await nodes[1]?.crash()
      await services.sql(damage)
      const node = await startAgain(1)
      assert.equal(await readBy(node), await recordsInLog())
      if (!damage.includes('truncate')) assert.match(node.output(), /the whole log is read instead/)
      assert.deepEqual(await toldBy(1), truth)
    }
  })

  it('has all there is after a stop: the next start reads nothing', async (t) => {
    for (const node of nodes) assert.equal(await node.stop(), 0, node.output())
    const read = await readBy(await startAgain(0))
    t.diagnostic(`${read} records were read`)
    assert.equal(read, 0)
    assert.deepEqual(await toldBy(0), truth)
    const { outcome } = await clients.askUntilDefinite(sale.couponId, 'too late')
    assert.equal(outcome, 'sold-out')
  })

  /** Winners and others: too few to bring anybody back, and those whom nobody has asked for yet. */
  let some: string[]
  let unasked: string[]

  const awayAt = async (n: number) => {
    const text = await (await fetch(`${nodes[n]?.url}/metrics`)).text()
    return Number(/^firstcome_coupons_away (\d+)$/m.exec(text)?.[1])
  }

  /** Never a no that is wrong; whoever is told 503 asks again. */
  async function untilToldBy(n: number, who: readonly string[]): Promise<void> {
    await waitFor('answers to all', async () => {
      const told = await toldBy(n, who)
      const definite = told.flatMap((one, at) => (one.outcome === 'unknown' ? [] : [{ one, at }]))
      for (const { one, at } of definite)
        assert.deepEqual(one, truth[everyone.indexOf(who[at] ?? '')])
      return definite.length === who.length
    })
  }

  async function isUnavailable(n: number): Promise<void> {
    const node = nodes[n]
    assert.ok(node)
    for (const user of unasked) {
      const headers = { authorization: `Bearer ${node.token(user)}` }
      const path = `/coupons/${sale.couponId}/claims`
      for (const [method, call] of [
        ['GET', `${path}/mine`],
        ['POST', path],
      ] as const) {
        const answer = await fetch(node.url + call, { method, headers })
        assert.equal(answer.status, 503, `${user}: ${await answer.text()}`)
        assert.ok(Number(answer.headers.get('retry-after')) > 0)
      }
    }
  }

  it('goes without winners of a coupon that was closed: PostgreSQL knows them', async () => {
    await services.role('issuer', env)
    const closed = await clients.crowd(0).command(`/coupons/${sale.couponId}/close`)
    assert.equal(closed.status, 200, closed.text)
    await services.rowsCaughtUp()
    truth = await toldBy(0)
    const hasWon = (user: string) => truth[everyone.indexOf(user)]?.outcome === 'issued'
    const [winners, others] = [everyone.filter(hasWon), everyone.filter((user) => !hasWon(user))]
    some = [...winners.slice(0, 20), ...others.slice(0, 10)]
    unasked = [...winners.slice(20, 25), ...others.slice(10, 15)]
    await nodes[0]?.crash()
    await Promise.all([startAgain(0), startAgain(1)])
    for (const n of [0, 1]) {
      await waitFor('the winners to leave memory', async () => (await awayAt(n)) === 1)
      await untilToldBy(n, some)
    }
  })

  it('has them back where many are asked for; elsewhere, without PostgreSQL, nobody is told no', async () => {
    let strangers = 0
    await waitFor('the winners to come back', async () => {
      await untilToldBy(0, everyone)
      // Who was looked up is remembered: somebody new has to be.
      await clients.crowd(0).mine(sale.couponId, `stranger-${strangers++}`)
      return (await awayAt(0)) === 0
    })
    await services.postgres.crash()
    assert.deepEqual(await toldBy(0), truth)
    assert.equal(await awayAt(1), 1)
    await isUnavailable(1)
    await services.postgres.start()
    await untilToldBy(1, [...some, ...unasked])
  })
})
