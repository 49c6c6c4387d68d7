// B5: firstcome, its API nodes and one issuer, on a database and topics of its own.

import { fileURLToPath } from 'node:url'
import { run } from '../child-process.ts'
import { benchSecret, tokenFor } from '../service.ts'
import type { Backends } from './backends.ts'
import { openRows, type Part, type RunningContender, startPart } from './contender.ts'

export type OurContender = RunningContender & {
  /** All of them; `port` is the first one's. */
  ports: number[]
  constantPath: string
  /** The text of Prometheus of each API node, and of the issuer. */
  apiMetrics(): Promise<string[]>
  issuerMetrics(): Promise<string>
}
export type OurOptions = { nodes?: number; gate?: boolean }
/** The same log and rows for all that is started on it. */
export type OurHome = { env: Record<string, string>; redisUrl: string; postgresUrl: string }

const binary = fileURLToPath(import.meta.resolve('../../../bin/firstcome.js'))
const apiMain = fileURLToPath(import.meta.resolve('./our-api.ts'))
/** One broker has one replica of everything. */
const migrateArgs = ['--partitions', '12', '--replicas', '1', '--min-in-sync-replicas', '1']

export async function prepareOurs(backends: Backends): Promise<OurHome> {
  const postgresUrl = await backends.newDatabase()
  const env = {
    FIRSTCOME_PORT: '0',
    FIRSTCOME_USER_RATE_MAX: '0',
    FIRSTCOME_DRAIN_SECONDS: '0',
    FIRSTCOME_JWT_SECRET: benchSecret,
    FIRSTCOME_CODE_SECRET: benchSecret,
    FIRSTCOME_KAFKA_BROKERS: backends.brokers,
    FIRSTCOME_POSTGRES_URL: postgresUrl,
  }
  await run({ args: [binary, 'migrate', ...migrateArgs], cores: undefined, env })
  return { env, redisUrl: backends.redisUrl, postgresUrl }
}

export async function startOurs(
  home: OurHome,
  { nodes = 1, gate = true }: OurOptions = {},
): Promise<OurContender> {
  const { postgresUrl, redisUrl } = home
  const env = { ...home.env, ...(gate ? { FIRSTCOME_REDIS_URL: redisUrl } : {}) }
  const rows = await openRows(postgresUrl, 'coupons.issued_coupons')
  const apis: Part[] = []
  let issuer: Part | null = null
  async function startBehind(): Promise<void> {
    issuer = await startPart({ args: [binary, 'issuer'], env })
  }
  async function stop(): Promise<void> {
    for (const api of apis) await api.stop()
    await issuer?.stop()
    await rows.close()
  }
  try {
    for (let n = 0; n < nodes; n += 1) apis.push(await startPart({ args: [apiMain], env }))
    await startBehind()
  } catch (error) {
    await stop()
    throw error
  }
  const ports = apis.map(({ url }) => Number(new URL(url).port))
  const metricsOf = async (url: string) => (await fetch(`${url}/metrics`)).text()
  return {
    ...rows,
    port: ports[0] ?? 0,
    ports,
    claimPath: (couponId) => `/coupons/${couponId}/claims`,
    constantPath: '/coupons/constant/constant',
    createCoupon: (couponId, quantity) => createCoupon(apis, { couponId, quantity }),
    rowTable: 'coupons.issued_coupons',
    postgresUrl,
    apiMetrics: () => Promise.all(apis.map(({ url }) => metricsOf(url))),
    issuerMetrics: () => metricsOf(issuer?.url ?? ''),
    pids: () => ({ api: apis.map(({ pid }) => pid), issuer: issuer === null ? [] : [issuer.pid] }),
    async killBehind() {
      await issuer?.kill()
    },
    startBehind,
    stop,
  }
}

type NewCoupon = { couponId: string; quantity: number }

/** Created at one node, and known to all before anybody asks. */
async function createCoupon(apis: readonly Part[], coupon: NewCoupon): Promise<void> {
  const headers = {
    authorization: `Bearer ${tokenFor('bench', true)}`,
    'content-type': 'application/json',
  }
  const body = JSON.stringify({ ...coupon, name: 'A coupon of the benchmark' })
  const response = await fetch(`${apis[0]?.url}/coupons`, { method: 'POST', headers, body })
  if (response.status !== 201) throw new Error(`no coupon: ${await response.text()}`)
  for (const { url } of apis) {
    const known = await fetch(`${url}/coupons/${coupon.couponId}`)
    if (known.status !== 200) throw new Error(`a node knows no coupon: ${await known.text()}`)
  }
}
