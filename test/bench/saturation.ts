// What one core answers when it is asked as fast as it can be, by kind of answer. The kinds are
// measured in turn, round after round, on one running service: what the machine does meanwhile
// meets all of them alike, and each round gives a ratio of its own.

import { writeFileSync } from 'node:fs'
import type { LoadJobResult } from '../load/load-job.ts'
import { type Counted, type Load, type Loaded, type Service, tokenFor } from './service.ts'

export const kinds = ['constant', 'soldOut', 'again', 'won', 'wonOfMany', 'bare', 'lean'] as const
export type Kind = (typeof kinds)[number]
export type Measured = {
  perSecond: number
  /** Until the last row was there as well; 0 where nothing was won. */
  rowsPerSecond: number
  latencyMs: LoadJobResult['latencyMs']
  /** Processor time of the server's main thread for one answer; null where unknown. */
  mainMicroseconds: number | null
  /** The part of its core that the load generator used. */
  loadBusy: number
  /** Of the claims log and of the issuer's events; 0 where nothing was won. */
  syncs: number
  claims: number
}
export type Round = Record<Kind, Measured>

/** The service, and what it is measured beside. */
export type Subjects = Record<'bare' | 'lean', Loaded> & { service: Service }
export type SaturationOptions = {
  rounds: number
  roundMs: number
  /** A new file, for the tokens of those who ask more than once. */
  tokensFile: string
  onRound(n: number): void
}

/** The engine compiles what is called often: the first seconds are not those that follow. */
const practiceMs = 1_500
const warmUpMs = 300
const users = 10_000
const coupons = 1_000
/** More than one core answers; the load ends early otherwise, and is still right. */
const winnersPerSecondMax = 50_000
const quantityMax = 10_000_000

export async function measureSaturation(
  subjects: Subjects,
  { rounds, roundMs, tokensFile, onRound }: SaturationOptions,
): Promise<Round[]> {
  const tokens = Array.from({ length: users }, (_, n) => tokenFor(`user${n}`))
  writeFileSync(tokensFile, tokens.join('\n'))
  const known = { users: { prefix: 'user', count: users, tokensFile } }
  await prepare(subjects.service, known)
  await measureRound(subjects, { name: 'practice', roundMs: practiceMs, first: 0, known })
  const measured: Round[] = []
  for (let n = 0; n < rounds; n += 1) {
    onRound(n)
    measured.push(await measureRound(subjects, { name: `round-${n}`, roundMs, first: n, known }))
  }
  return measured
}

async function prepare(service: Service, known: Known): Promise<void> {
  const many = Array.from({ length: coupons }, (_, n) => ({
    couponId: oneOfMany(n),
    quantity: quantityMax,
  }))
  await service.createCoupons([
    { couponId: 'sold-out', quantity: 1 },
    { couponId: 'held', quantity: users },
    { couponId: 'one', quantity: quantityMax },
    ...many,
  ])
  const once = { once: true, expectedStatus: 201 }
  await service.load({ ...once, paths: [claims('sold-out')], users: { prefix: 'first', count: 1 } })
  await service.load({ ...once, ...known, paths: [claims('held')] })
  await service.issued()
}

/** Who asks with the same token each time, as a page does. */
type Known = Pick<Load, 'users'>
type RoundOptions = { name: string; roundMs: number; first: number; known: Known }

async function measureRound(subjects: Subjects, options: RoundOptions): Promise<Round> {
  const { first } = options
  const measured: Partial<Round> = {}
  for (let n = 0; n < kinds.length; n += 1) {
    const kind = kinds[(first + n) % kinds.length] ?? 'constant'
    measured[kind] = await measure(subjects, kind, { ...loadOf(kind, options), warmUpMs })
  }
  return measured as Round
}

function loadOf(kind: Kind, { name, roundMs, ...options }: RoundOptions): Load {
  const known = { ...options.known, durationMs: roundMs }
  const count = Math.ceil((winnersPerSecondMax * (roundMs + warmUpMs)) / 1000)
  const fresh = { once: true, durationMs: roundMs, expectedStatus: 201 }
  switch (kind) {
    case 'bare':
    case 'lean':
      return { ...known, paths: [claims('held')], expectedStatus: 201 }
    case 'constant':
      return { ...known, paths: ['/coupons/held/constant'], expectedStatus: 201 }
    case 'soldOut':
      return { ...known, paths: [claims('sold-out')], expectedStatus: 409 }
    case 'again':
      return { ...known, paths: [claims('held')], expectedStatus: 200 }
    case 'won':
      return { ...fresh, paths: [claims('one')], users: { prefix: `${name}-one-`, count } }
    case 'wonOfMany': {
      const paths = Array.from({ length: coupons }, (_, n) => claims(oneOfMany(n)))
      return { ...fresh, paths, users: { prefix: `${name}-many-`, count } }
    }
  }
}

async function measure(subjects: Subjects, kind: Kind, load: Load): Promise<Measured> {
  const { service } = subjects
  const subject = kind === 'bare' || kind === 'lean' ? subjects[kind] : service
  const before = await service.counted()
  const threadsBefore = subject.threadSeconds()
  const result = await subject.load(load)
  const endedAt = performance.now()
  const threadsAfter = subject.threadSeconds()
  await service.issued()
  const rowsLateSeconds = (performance.now() - endedAt) / 1000
  const after = await service.counted()
  const won = after.claims - before.claims
  const main = (threadsAfter?.main ?? Number.NaN) - (threadsBefore?.main ?? Number.NaN)
  return {
    perSecond: result.answersPerSecond,
    rowsPerSecond: won / (warmUpMs / 1000 + result.seconds + rowsLateSeconds),
    latencyMs: result.latencyMs,
    mainMicroseconds: Number.isNaN(main) ? null : (main / result.sent) * 1e6,
    loadBusy: result.cpuSeconds / result.seconds,
    syncs: syncsOf(after) - syncsOf(before),
    claims: won,
  }
}

/** Each append of claims is one synced write; so are the events of each transaction of rows. */
function syncsOf({ appends, issues }: Counted): number {
  return appends + issues
}

function claims(couponId: string): string {
  return `/coupons/${couponId}/claims`
}

function oneOfMany(n: number): string {
  return `many-${n}`
}
