// The alert rules and the dashboard on a real Prometheus that scrapes real roles, while a burst of
// dead letters arrives right after a start and Kafka, PostgreSQL and Redis go and come back. Each
// alert rings that should and none beside it, and every panel has something to show. What the rules
// count in minutes is seconds here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ordersTopic } from '../../../src/domain/orders/messages.ts'
import { ownKey, prefix, proofSecret, witnessSetting } from '../../models/published-sale.ts'
import { type Prometheus, startPrometheus, whyNoPrometheus } from '../../services/prometheus.ts'
import { freePort, waitFor } from '../../services/server-process.ts'
import { OrderPeople } from '../orders/order-people.ts'
import { type FaultServices, startFaultServices } from './fault-services.ts'
import { sleep } from './node-clients.ts'

const docs = join(import.meta.dirname, '../../../docs')
const scrapeEvery = '1s'
/** Less than a hiccup of a busy machine must not ring. */
const secondsMin = 3
const betweenClaimsMs = 200
/** With a witness that nobody runs. */
const proofOfSales = {
  FIRSTCOME_PROOF_ORIGIN: prefix,
  FIRSTCOME_PROOF_KEY: String(ownKey.export({ type: 'pkcs8', format: 'pem' })),
  FIRSTCOME_PROOF_SECRET: proofSecret,
  FIRSTCOME_PROOF_WITNESSES: `${witnessSetting.key} http://127.0.0.1:1`,
}

/** As long in seconds as it was in minutes. */
function hastened(rules: string): string {
  return rules
    .replaceAll(/(?<=for: )(\d+)m/g, (_, minutes: string) => {
      return `${Math.max(secondsMin, Number(minutes))}s`
    })
    .replaceAll('5m', '5s')
    .replaceAll('start_time_seconds < 300', 'start_time_seconds < 5')
}

const named = (alert: string) => `Firstcome${alert}`

type Phase = { cause(): Promise<void>; rings: readonly string[]; heal(): Promise<void> }
type Panel = { title: string; targets?: { expr: string }[] }
type Matrix = { result: { metric: Record<string, string>; values: [number, string][] }[] }

describe('a Prometheus that watches several nodes', {
  skip: whyNoPrometheus(),
  timeout: 300_000,
}, () => {
  let services: FaultServices
  let prometheus: Prometheus
  let people: OrderPeople
  let ports: number[]
  const startedAt = Date.now() / 1000
  const port = (n: number) => ({ FIRSTCOME_PORT: String(ports[n]) })

  before(async () => {
    services = await startFaultServices()
    ports = [await freePort(), await freePort(), await freePort()]
    const targets = ports.map((at) => `127.0.0.1:${at}`)
    const rules = readFileSync(join(docs, 'prometheus-alerts.yml'), 'utf8')
    const [api, , started] = await Promise.all([
      services.role('api', { ...port(0), ...proofOfSales }),
      services.role('issuer', { ...port(1), ...proofOfSales }),
      startPrometheus(
        {
          global: {
            scrape_interval: scrapeEvery,
            scrape_timeout: scrapeEvery,
            evaluation_interval: '500ms',
          },
          scrape_configs: [{ job_name: 'firstcome', static_configs: [{ targets }] }],
        },
        hastened(rules),
      ),
    ])
    prometheus = started
    assert.ok(api)
    people = new OrderPeople([api])
  })
  after(async () => {
    await people?.close()
    await prometheus?.remove()
    await services?.close()
  })

  /** The names of those that ring now. */
  async function ringing(): Promise<string[]> {
    const { alerts } = (await prometheus.ask('alerts')) as {
      alerts: { state: string; labels: { alertname: string } }[]
    }
    const firing = alerts.filter(({ state }) => state === 'firing')
    return [...new Set(firing.map(({ labels }) => labels.alertname))].toSorted()
  }

  /** Heals once each of these has rung, and gives all that rang until nothing does any more. */
  async function rungBy({ cause, rings, heal }: Phase): Promise<(string | undefined)[]> {
    const from = Date.now() / 1000
    const rung = new Set<string>()
    await cause()
    await waitForAlerts(rings.join(), (now) => {
      for (const name of now) rung.add(name)
      return rings.every((name) => rung.has(name))
    })
    await heal()
    await waitForAlerts('silence', (now) => now.length === 0)
    const known = await range('count by (alertname) (ALERTS{alertstate="firing"})', from)
    return known.map(({ metric }) => metric.alertname).toSorted()
  }

  async function waitForAlerts(what: string, areSo: (ringing: string[]) => boolean) {
    let now: string[] = []
    await waitFor(what, async () => areSo((now = await ringing()))).catch((error: unknown) => {
      throw new Error(`these ring: ${now.join()}`, { cause: error })
    })
  }

  async function range(query: string, from = startedAt): Promise<Matrix['result']> {
    const [start, end] = [String(from), String(Date.now() / 1000)]
    const answer = await prometheus.ask('query_range', { query, start, end, step: '0.5' })
    return (answer as Matrix).result
  }

  it('rings for a role that is missing, and for dead letters right after its start', async () => {
    const missing = ['FirstcomeDown', 'FirstcomeRoleMissing']
    await waitForAlerts(missing.join(), (now) => now.join() === missing.join())
    await garbage()
    const rung = await rungBy({
      cause: async () => void (await services.orders(undefined, port(2))),
      rings: ['FirstcomeDeadLetters'],
      async heal() {
        await people.offer('tea', 1_000, { kind: 'amount', value: 100 })
        await people.stock('cup', { price: 1_000, stock: 100 })
        await people.topUp('kim', 900)
        await people.win('tea', 'kim')
        const order = { lines: [{ productId: 'cup', quantity: 1 }], couponId: 'tea' }
        assert.equal((await people.placeUntilEnded('kim', 'k', order)).status, 'confirmed')
      },
    })
    // A start that takes long is not ready for as long.
    const others = rung.filter((name) => name !== 'FirstcomeNotReady')
    assert.deepEqual(others, ['FirstcomeDeadLetters', ...missing])
  })

  it('rings while PostgreSQL and Redis are away, and for what was read after that', async () => {
    const away = [
      'FirstcomeDatabaseAway',
      'FirstcomeGateAway',
      'FirstcomeNotReady',
      'FirstcomeOrdersStandStill',
      'FirstcomeProofStandsStill',
      'FirstcomeRetries',
      'FirstcomeRowsStandStill',
      'FirstcomeUnavailable',
    ]
    const rung = await rungBy({
      async cause() {
        await Promise.all([services.postgres.crash(), services.redis.crash()])
        await people.win('tea', 'lee')
        await garbage()
        assert.equal((await people.call('GET /me/coupons', { as: 'kim' })).status, 503)
      },
      rings: away,
      async heal() {
        await Promise.all([services.postgres.start(), services.redis.start()])
        await waitForAlerts('dead letters', (now) => now.includes('FirstcomeDeadLetters'))
      },
    })
    assert.deepEqual(rung, [...away, 'FirstcomeDeadLetters'].toSorted())
  })

  it('rings while Kafka is away', async () => {
    const away = ['AppendsFail', 'LogAway', 'NotReady', 'Unavailable'].map(
      (name) => `Firstcome${name}`,
    )
    // Whether a claim is told 202 first, a consumer was just asking, and how long each takes to
    // join its group again, depends on the moment.
    const perhaps = [
      'ClaimsPending',
      'OrdersStandStill',
      'ProofStandsStill',
      'Retries',
      'RowsStandStill',
    ].map(named)
    let isOver = false
    let claiming: Promise<void> | undefined
    const rung = await rungBy({
      async cause() {
        await services.kafka.crash()
        claiming = claimUntil(() => isOver)
      },
      rings: away,
      async heal() {
        await services.kafka.start()
        isOver = true
        await claiming
      },
    })
    assert.deepEqual(
      rung.filter((name = '') => !perhaps.includes(name)),
      away,
    )
  })

  /** One after the other, whatever they are told. */
  async function claimUntil(isOver: () => boolean): Promise<void> {
    for (let n = 0; !isOver(); n++) {
      const { status } = await people.call('POST /coupons/tea/claims', { as: `user-${n}` })
      if (status === 503) await sleep(betweenClaimsMs)
    }
  }

  /** A record that is none makes one dead letter for each consumer of orders. */
  async function garbage(): Promise<void> {
    const value = Buffer.from([0xff, 0xfe, 0x00])
    await (await services.log()).append(ordersTopic, [{ key: 'garbage', value }])
  }

  it('shows something in every panel of the dashboard', async () => {
    const text = readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8')
    const { panels } = JSON.parse(text) as { panels: Panel[] }
    const empty: string[] = []
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const shown = await range(expr.replaceAll('$__rate_interval', '4s'))
        if (!shown.some(({ values }) => values.some(([, value]) => value !== 'NaN'))) {
          empty.push(`${title}: ${expr}`)
        }
      }
    }
    assert.deepEqual(empty, [])
  })
})
