// A server for the HTTP tests: the real one, over a claim service that folds in memory without a
// log. A test may script the next answer, to meet what the fold cannot produce.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { type MemoryLog, openLogMemory } from '../../../src/adapters/memory/log.ts'
import type {
  ClaimAnswer,
  ClaimService,
  CommandAnswer,
  DecidedBy,
  Readiness,
} from '../../../src/api/claims/claim-answers.ts'
import { askedBy } from '../../../src/api/claims/claim-path.ts'
import { CouponActs } from '../../../src/api/claims/coupon-acts.ts'
import type { ServerSettings } from '../../../src/api/http/server-parts.ts'
import type { OrderLimits } from '../../../src/api/orders/order-limits.ts'
import { startOrderService } from '../../../src/api/orders/order-service.ts'
import { type OpenServerParts, type RunningServer, startServer } from '../../../src/api/server.ts'
import { signToken } from '../../../src/client/tokens.ts'
import { type ClaimOutcome, type Command, settled } from '../../../src/domain/coupons/decide.ts'
import { applyCommand, createFold } from '../../../src/domain/coupons/fold.ts'
import type { CouponMessage } from '../../../src/domain/coupons/messages.ts'
import type { OrdersReader } from '../../../src/ports/orders-reader.ts'
import { type OrderApplier, orderTopics, startOrderApplier } from '../../models/order-applier.ts'

export const jwtSecret = 'a secret of the tests, 32 bytes long'
export const startedAt = Date.UTC(2026, 4, 1, 9)

export type FakeClaims = ClaimService & {
  /** Answers to give instead, first come first served; a promise answers when it likes. */
  claimAnswers: (ClaimAnswer | Promise<ClaimAnswer>)[]
  commandAnswers: CommandAnswer[]
  mineAnswers: (ClaimAnswer | null)[]
  state: Readiness
  /** What reached the log. */
  appended: CouponMessage[]
}
export type TestServer = RunningServer & {
  claims: FakeClaims
  /** `held`: where the clock of the order service's waits stands; null: it goes on. */
  time: { now: number; held: number | null }
  call: (line: string, options?: CallInit) => Promise<Answer>
}
export type CallInit = {
  /** A user's name, `operator`, or null for no token. */
  as?: string | null
  token?: string
  json?: unknown
  body?: string | Buffer<ArrayBuffer>
  headers?: Record<string, string>
}
export type Answer = {
  status: number
  headers: Headers
  text: string
  /** The parsed body, or {} where it is no JSON. */
  body: Record<string, unknown>
}
export type Overrides = Partial<Omit<OpenServerParts, 'settings'>> & {
  settings?: Partial<ServerSettings>
  orderLimits?: Partial<OrderLimits>
  returnWithinMs?: number
  /** In place of what the applier has stored. */
  reader?: (stored: OrdersReader) => OrdersReader | null
}
export type TestOrders = { log: MemoryLog; applier: OrderApplier }

export async function startTestServer(t: TestContext, overrides: Overrides = {}) {
  const { settings, orderLimits, reader = (stored) => stored, ...others } = overrides
  const { returnWithinMs = 7 * 86_400_000, ...parts } = others
  refuseHurry(overrides)
  const time: TestServer['time'] = { now: startedAt, held: null }
  const clock = { ...systemClock(), now: () => time.now }
  const claims = fakeClaims(() => time.now)
  let ids = 0
  const realClock = systemClock()
  const begun = realClock.now()
  // Waiting needs a clock that goes on.
  const orderClock = {
    ...realClock,
    now: () => time.now + realClock.now() - begun,
    monotonic: () => time.held ?? realClock.monotonic(),
  }
  const log = openLogMemory({ topics: orderTopics, clock: orderClock })
  const applier = startOrderApplier(log)
  const orders = startOrderService({
    log,
    clock: orderClock,
    reader: () => reader(applier.reader),
    claims,
    timeLimitMs: 30_000,
    returnWithinMs,
    reservationMs: 900_000,
    limits: orderLimits,
    onTransientError: () => {},
    onError(error) {
      throw error
    },
  })
  const server = await startServer({
    claims,
    orders,
    store: () => null,
    clock,
    newId: () => `made-${++ids}`,
    metricsText: async () => 'firstcome_up 1\n',
    ...parts,
    settings: {
      host: '127.0.0.1',
      port: 0,
      jwtSecret,
      userRateMax: 0,
      operatorRateMax: 0,
      addressRateMax: 0,
      ...settings,
    },
  })
  // What is made from now on is made for a call.
  ids = 0
  t.after(async () => {
    await server.close()
    await orders.close()
    await applier.close()
  })
  const call = (line: string, init?: CallInit) => callServer(server.address, line, init)
  return { ...server, claims, time, call, log, applier } satisfies TestServer & TestOrders
}

/** A limit that is not meant to be met. */
const unmetRateMin = 100

/** A second may end between any two calls where time goes on. */
function refuseHurry({ settings = {}, clock }: Overrides): void {
  const { userRateMax = 0, operatorRateMax = 0, addressRateMax = 0 } = settings
  for (const rate of [userRateMax, operatorRateMax, addressRateMax]) {
    const isFew = rate > 0 && rate < unmetRateMin
    assert.ok(!isFew || clock !== undefined, 'who limits few calls a second has to stop time')
  }
}

/** Valid for an hour from the start of the test's clock. */
export function tokenOf(name: string): string {
  const operator = name.startsWith('operator')
  return signToken({
    secret: jwtSecret,
    sub: name,
    operator,
    expiresInSeconds: 3600,
    now: startedAt,
  })
}

/** `line` is method and path; the caller is user `ann` unless told otherwise. */
async function callServer(address: string, line: string, init: CallInit = {}): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ')
  const headers: Record<string, string> = { ...init.headers }
  const token = init.token ?? (init.as === null ? undefined : tokenOf(init.as ?? 'ann'))
  if (token !== undefined) headers.authorization ??= `Bearer ${token}`
  if (init.json !== undefined) headers['content-type'] ??= 'application/json'
  const body = init.json === undefined ? init.body : JSON.stringify(init.json)
  const response = await fetch(address + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '') && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

function fakeClaims(now: () => number): FakeClaims {
  const fold = createFold(1)
  const acts = new CouponActs()
  let claimed = 0
  const fake: FakeClaims = {
    claimAnswers: [],
    commandAnswers: [],
    mineAnswers: [],
    state: { ready: true, reasons: [] },
    appended: [],
    async claim(couponId, userId, { token } = {}) {
      const scripted = fake.claimAnswers.shift()
      if (scripted !== undefined) return scripted
      if (!fold.coupons.has(couponId)) return { kind: 'unknown_coupon' }
      const claimId = `claim-${++claimed}`
      const command = append({
        type: 'coupon.claimed',
        ...askedBy(fold, { couponId, userId }, token),
        claimId,
      })
      const { partition, offset, appendedAt } = command
      const record = { claimId, partition, offset, appendedAt }
      return told(applyCommand(fold, command).outcome, { couponId, userId, record })
    },
    mine(couponId, userId, token) {
      const scripted = fake.mineAnswers.shift()
      if (scripted !== undefined) return scripted
      const coupon = fold.coupons.get(couponId)
      if (coupon === undefined) return { kind: 'unknown_coupon' }
      const outcome = settled(coupon, askedBy(fold, { couponId, userId }, token), now)
      return outcome === null ? null : told(outcome, { couponId, userId })
    },
    async command(message) {
      const scripted = fake.commandAnswers.shift()
      if (scripted !== undefined) return scripted
      const command = append(message)
      const decision = applyCommand(fold, command)
      acts.decided(command, decision)
      if (acts.isOther(message, decision.outcome)) return { kind: 'key_reused' }
      const act = acts.doneBy(message)
      const coupon = fold.coupons.get(message.couponId)
      const { outcome } = decision
      return { kind: 'decided', outcome, ...(coupon && { coupon }), ...(act && { act }) }
    },
    coupon: (couponId) => fold.coupons.get(couponId),
    find(couponId) {
      const coupon = fold.coupons.get(couponId)
      return coupon === undefined ? { kind: 'unknown_coupon' } : { kind: 'found', coupon }
    },
    coupons: ({ limit, after = '' }) =>
      [...fold.coupons.values()]
        .filter(({ couponId }) => couponId > after)
        .toSorted((a, b) => (a.couponId < b.couponId ? -1 : 1))
        .slice(0, limit),
    acts: (couponId, page) => acts.page(couponId, page),
    readUpTo: () => fake.appended.length,
    logTime: now,
    readiness: () => fake.state,
  }

  function append<Message extends CouponMessage>(message: Message): Command<Message> {
    const offset = fake.appended.push(message) - 1
    return { message, partition: 0, offset, appendedAt: now() }
  }

  type Claimed = { couponId: string; userId: string; record?: DecidedBy }
  function told(outcome: ClaimOutcome, { couponId, userId, record }: Claimed): ClaimAnswer {
    if (outcome.kind === 'issued' || outcome.kind === 'already_issued') {
      const { issued } = outcome
      const code = `CODE-${issued.slot}`
      const first = outcome.kind === 'issued'
      return { kind: 'issued', first, couponId, userId, partition: 0, issued, code }
    }
    const coupon = fold.coupons.get(couponId)
    return {
      kind: outcome.kind,
      ...(coupon === undefined ? {} : { coupon }),
      ...(record === undefined ? {} : { record }),
    }
  }
  return fake
}
