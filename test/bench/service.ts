// A service under measurement: its process, the coupons it is given, the load it is put under by
// a process of its own, and what it says of itself.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { signToken } from '../../src/client/tokens.ts'
import type { LoadJob, LoadJobResult } from '../load/load-job.ts'
import { launch, run, stop } from './child-process.ts'
import { type Cores, type ThreadSeconds, threadSeconds } from './machine.ts'
import type { Bucket } from './statistics.ts'

/** What can be put under load. */
export type Loaded = {
  load(load: Load): Promise<LoadJobResult>
  threadSeconds(): ThreadSeconds | null
  stop(): Promise<void>
}
export type Service = Loaded & {
  url: string
  pid: number
  createCoupons(coupons: readonly NewCoupon[]): Promise<void>
  counted(): Promise<Counted>
  /** Seconds, of the batches since the start. */
  issueLag(): Promise<Bucket[]>
  /** Resolves once every record of the log has been applied to the rows. */
  issued(): Promise<void>
  /** Resolves once this process has applied so many records. */
  applied(records: number, msMax?: number): Promise<void>
}
export type NewCoupon = {
  couponId: string
  quantity: number
  audience?: { attribute: string; values: readonly string[] }
}
export type Load = Pick<LoadJob, 'paths' | 'durationMs' | 'warmUpMs' | 'ratePerSecond' | 'once'> & {
  /** Absent: POST. */
  method?: LoadJob['method']
  /** `<prefix>0`, `<prefix>1`, … */
  users: { prefix: string; count: number; tokensFile?: string }
  /** Every answer must have it. */
  expectedStatus: number
}
/** Since the service started. */
export type Counted = { claims: number; appends: number; issuedRecords: number; issues: number }

/** More than any server needs to be busy. */
export const connections = 512
export const benchSecret = 'a secret for the benchmark, of more than 32 bytes'
const creationsAtOnce = 50
const issueWaitMsMax = 120_000
const issueLookEveryMs = 20

const serverMain = fileURLToPath(import.meta.resolve('./server.ts'))
const besideMain = fileURLToPath(import.meta.resolve('./beside.ts'))
const loadMain = fileURLToPath(import.meta.resolve('../load/raw-client-main.ts'))

export async function startService(
  data: string,
  cores: Cores | null,
  more: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const child = launch({
    args: [serverMain],
    cores: cores?.server,
    env: {
      FIRSTCOME_DATA: data,
      FIRSTCOME_PORT: '0',
      // As high as no user here asks, and counted all the same.
      FIRSTCOME_USER_RATE_MAX: '1000',
      FIRSTCOME_OPERATOR_RATE_MAX: '0',
      FIRSTCOME_DRAIN_SECONDS: '0',
      FIRSTCOME_JWT_SECRET: benchSecret,
      ...more,
    },
  })
  const url = await urlOf(child)
  let created = 0

  const metrics = async () => (await fetch(`${url}/metrics`)).text()

  async function counted(): Promise<Counted> {
    const text = await metrics()
    return {
      claims: sumOf(text, 'firstcome_append_claims_sum'),
      appends: sumOf(text, 'firstcome_append_claims_count'),
      issuedRecords: sumOf(text, 'firstcome_issuer_records_total'),
      issues: sumOf(text, 'firstcome_issue_lag_seconds_count'),
    }
  }

  async function caughtUp(
    records: (now: Counted) => number,
    msMax = issueWaitMsMax,
  ): Promise<void> {
    const until = performance.now() + msMax
    for (;;) {
      const now = await counted()
      if (now.issuedRecords >= records(now)) return
      if (performance.now() > until) throw new Error('the issuer did not catch up')
      await new Promise((resolve) => setTimeout(resolve, issueLookEveryMs))
    }
  }

  return {
    url,
    pid: child.pid ?? 0,
    async createCoupons(coupons) {
      for (let at = 0; at < coupons.length; at += creationsAtOnce) {
        const some = coupons.slice(at, at + creationsAtOnce)
        await Promise.all(some.map((coupon) => createCoupon(url, coupon)))
      }
      created += coupons.length
    },
    load: (load) => runLoad(load, { url, cores }),
    counted,
    issueLag: async () => bucketsOf(await metrics(), 'firstcome_issue_lag_seconds'),
    issued: () => caughtUp(({ claims }) => created + claims),
    applied: (records, msMax) => caughtUp(() => records, msMax),
    threadSeconds: () => threadSeconds(child.pid ?? 0),
    stop: () => stop(child),
  }
}

/** A server that answers a constant: see beside.ts. */
export async function startBeside(name: 'bare' | 'lean', cores: Cores | null): Promise<Loaded> {
  const child = launch({ args: [besideMain, name], cores: cores?.server })
  const url = await urlOf(child)
  return {
    load: (load) => runLoad(load, { url, cores }),
    threadSeconds: () => threadSeconds(child.pid ?? 0),
    stop: () => stop(child),
  }
}

/** Of a process that prints it once it listens. */
async function urlOf(child: ChildProcess): Promise<string> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the service ended with ${code} before it was ready`)
  })
  const printed = once(child.stdout ?? child, 'data')
  const [line] = (await Promise.race([printed, ended])) as [Buffer]
  return (JSON.parse(line.toString()) as { url: string }).url
}

/** What a service that asks for an audience is given. */
export const audience = 'shop'
const rules = { userClaim: 'sub', audience }

export function tokenFor(sub: string, operator = false): string {
  const times = { expiresInSeconds: 3600, now: Date.now() }
  return signToken({ secret: benchSecret, rules, sub, operator, ...times })
}

async function createCoupon(url: string, coupon: NewCoupon): Promise<void> {
  const response = await fetch(`${url}/coupons`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenFor('bench', true)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...coupon, name: 'A coupon of the benchmark' }),
  })
  if (response.status !== 201) throw new Error(`no coupon: ${await response.text()}`)
}

type Under = { url: string; cores: Cores | null }

async function runLoad(load: Load, { url, cores }: Under): Promise<LoadJobResult> {
  const { users, expectedStatus, ...rest } = load
  const job: LoadJob = {
    method: 'POST',
    ...rest,
    port: Number(new URL(url).port),
    connections,
    users: { ...users, secret: benchSecret },
  }
  const args = [loadMain]
  const { output } = await run({ args, cores: cores?.load, input: JSON.stringify(job) })
  const result = JSON.parse(output) as LoadJobResult
  const { answers, lost, byStatus } = result
  if (lost > 0 || answers === 0 || byStatus[expectedStatus] !== answers) {
    const told = `${JSON.stringify(byStatus)}, ${lost} lost`
    throw new Error(`${load.paths[0]} was to answer ${expectedStatus} only: ${told}`)
  }
  return result
}

export function sumOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

export function bucketsOf(metrics: string, name: string): Bucket[] {
  const lines = metrics.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))
  return [...lines].map(([, upTo = '', count]) => ({
    upTo: Number(upTo.replace('+Inf', 'Infinity')),
    count: Number(count),
  }))
}
