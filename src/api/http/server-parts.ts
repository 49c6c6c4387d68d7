// What the HTTP server is made from, and the types its routes share.

import type { FastifyInstance, onRequestAsyncHookHandler, onRequestHookHandler } from 'fastify'
import type { Logger } from 'pino'
import type { VerifierKey } from '../../domain/proof/signed-note.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsoleCodes } from '../../ports/console-codes.ts'
import type { CouponReads } from '../../ports/coupons.ts'
import type { GivenKeys } from '../../ports/given-keys.ts'
import type { GuessCounts } from '../../ports/guess-counts.ts'
import type { OrdersAuditReader } from '../../ports/orders-audit.ts'
import type { ProofReader } from '../../ports/proof.ts'
import type { KeySetSource, TokenRules } from '../../ports/tokens.ts'
import type { ClaimService, Readiness } from '../claims/claim-answers.ts'
import type { Figures, FiguresParts } from '../console/figures.ts'
import type { ConsoleRuns, RunSources } from '../console/runs.ts'
import type { ConsoleSessions } from '../console/sessions.ts'
import type { Streams } from '../console/streams.ts'
import type { Traffic } from '../console/traffic.ts'
import type { OneThing } from '../keys/one-thing.ts'
import type { OrderService } from '../orders/order-answers.ts'
import type { TokenVerifierParts } from '../tokens/token-verifier.ts'
import type { ServerLimits } from './server-limits.ts'

export type ReadStore = CouponReads

export type ServerSettings = {
  host: string
  /** 0: any free port. */
  port: number
  jwtSecret: string
  /** Absent: `sub` is the user, and nobody asks for an issuer or an audience. */
  tokenRules?: TokenRules
  /** Requests a second of one of them; 0 is off. */
  userRateMax: number
  operatorRateMax: number
  addressRateMax: number
  /** Of pages elsewhere that may call from a browser. */
  allowedOrigins?: readonly string[]
  /** Where the event page sends whoever has no token. */
  signInUrl?: string
  /** Until a connection on which nobody asks is closed. */
  keepAliveSeconds?: number
  /** Of the console, at once. */
  consoleStreamsMax?: number
  limits?: Partial<ServerLimits>
  tokenLimits?: TokenVerifierParts['limits']
}

export type FigureSources = Pick<
  FiguresParts,
  'arrivals' | 'claimCounts' | 'readUpTo' | 'reader' | 'board'
> & {
  gateIsHere?: (() => boolean) | undefined
}

/** `publicKey`: that of the one key, 32 bytes; `prefix`: of the origins. `secret` makes salts. */
export type ProofParts = {
  prefix: string
  /** Under the prefixes: the one that signs, then those that have signed before. */
  keys: () => Promise<readonly VerifierKey[]>
  secret: string
  /** null while SQL is not up yet. */
  reader: () => ProofReader | null
}

/** What answers the calls; a start may take minutes until they are there. */
export type Services = { claims: ClaimService; orders: OrderService }

export type ServerParts = {
  /** What `/readyz` says. */
  readiness: () => Readiness
  /** The SQL projection; null while it is not up yet. */
  store: () => ReadStore | null
  /** What the consumers of orders keep; null while SQL is not up yet. */
  ordersAudit?: (() => OrdersAuditReader | null) | undefined
  /** Absent: no proof is made. */
  proof?: ProofParts | undefined
  /** The keys of an identity provider, where one makes tokens, too. */
  keySet?: KeySetSource | undefined
  /** Absent: none are made, and who signs in to the console pastes a token. */
  consoleCodes?: ConsoleCodes | undefined
  /** Absent: no other node counts unknown codes. */
  guessCounts?: GuessCounts | undefined
  /** Among all nodes; null while SQL is not up. Absent: this is the only node. */
  givenKeys?: (() => GivenKeys | null) | undefined
  /** Of what the console shows beside coupons; absent: nothing of it is known. */
  figures?: FigureSources | undefined
  /** Rehearsals and audits from the console; absent: this service runs none. */
  runs?: RunSources | undefined
  /** Absent: it is no demo. */
  demoToken?: ((userId: string) => string) | undefined
  clock: Clock
  newId: () => string
  metricsText: () => Promise<string>
  settings: ServerSettings
  logger?: Logger
  /** Registers further routes, for benchmarks: with the same hooks they cost the same. */
  extraRoutes?: (app: FastifyInstance, hooks: CallHooks) => void
}

export type CallHook = onRequestHookHandler | onRequestAsyncHookHandler

/** By who may call: `onRequest` hooks that authenticate, authorize and limit. */
export type CallHooks = {
  /** Probes and scrapers: never limited. */
  service: CallHook[]
  anyone: CallHook[]
  user: CallHook[]
  /** The same, and the console by its cookie. */
  orderReader: CallHook[]
  /** Pages of the console, signed in or not. */
  guarded: CallHook[]
  operator: CallHook[]
  /** Who may see everything and change nothing, and operators. */
  viewer: CallHook[]
  /** A shop, or an operator. */
  till: CallHook[]
  /** The same, and who may see everything. */
  tillViewer: CallHook[]
  /** Bulk reads of the same: not limited, an audit asks as fast as it can read. */
  auditor: CallHook[]
}

/** What every file of routes is given. */
export type RouteParts = Omit<ServerParts, 'settings' | 'extraRoutes' | 'runs'> &
  Services & {
    limits: ServerLimits
    oneThing: OneThing
    runs: ConsoleRuns
    sessions: ConsoleSessions
    streams: Streams
    toldSoldOut: Figures['toldSoldOut']
    traffic: Traffic
  }
