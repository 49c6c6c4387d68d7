// The HTTP server: fastify put together from the files beside this one. It answers only JSON and
// problem details, bounds everything a client can stretch, and stops without losing an answer.

import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import type { Coupon } from '../domain/coupons/state.ts'
import type { TokenRules } from '../ports/tokens.ts'
import { Figures } from './console/figures.ts'
import { ConsoleRuns, type RunSources } from './console/runs.ts'
import { createConsoleSessions } from './console/sessions.ts'
import { Streams } from './console/streams.ts'
import { Traffic } from './console/traffic.ts'
import { guarded, useAuth } from './http/auth.ts'
import { useOpenApi } from './http/openapi.ts'
import { type CountCaller, useRateLimits } from './http/rate-limits.ts'
import { addRoutes, type Route } from './http/route.ts'
import { createServerApp, type ServerApp } from './http/server-app.ts'
import { limitsOf, type ServerLimits } from './http/server-limits.ts'
import type { CallHooks, RouteParts, ServerParts, Services } from './http/server-parts.ts'
import { OneThing } from './keys/one-thing.ts'
import { plainClaims } from './plain/plain-claims.ts'
import { CodeGuesses } from './redemptions/code-guesses.ts'
import { CodeHolders } from './redemptions/code-holders.ts'
import { actsRoute } from './routes/acts.ts'
import { auditRoutes } from './routes/audit.ts'
import { claimRoutes } from './routes/claims.ts'
import { codeRoute } from './routes/codes.ts'
import { commandRoutes } from './routes/commands.ts'
import { consoleRunRoutes } from './routes/console-runs.ts'
import { consoleSessionRoutes } from './routes/console-sessions.ts'
import { consoleStreamRoute } from './routes/console-stream.ts'
import { couponRoutes } from './routes/coupons.ts'
import { deadLetterRoutes } from './routes/dead-letters/letters.ts'
import { manyLettersRoutes } from './routes/dead-letters/many-letters.ts'
import { foundOrdersRoute } from './routes/found-orders.ts'
import { heldCouponRoutes } from './routes/held-coupons.ts'
import { liveRoute } from './routes/live.ts'
import { orderRoutes } from './routes/orders.ts'
import { addPages } from './routes/pages.ts'
import { problemPageRoute } from './routes/problem-pages.ts'
import { proofRoutes } from './routes/proof.ts'
import { redemptionRoutes } from './routes/redemptions.ts'
import { revokeRoute } from './routes/revocations.ts'
import { openApiRoute, serviceRoutes } from './routes/service.ts'
import { supplyRoutes } from './routes/supplies.ts'
import { winnerRoutes } from './routes/winners.ts'
import { TokenVerifier, type TokenVerifierParts } from './tokens/token-verifier.ts'

export type RunningServer = {
  /** As `http://127.0.0.1:8080`. */
  address: string
  app: FastifyInstance
  /** From now on every call is answered; before, only those of probes are. */
  serve(services: Services): void
  /** Answers what was accepted, refuses the rest; resolves when no connection is open. */
  close(): Promise<void>
}
export type OpenServerParts = ServerParts & {
  /** Whether a stop was asked for, and it still takes work. */
  isDraining?: () => boolean
}
export type StartServerParts = Omit<OpenServerParts, 'readiness'> & Services

export async function startServer(parts: StartServerParts): Promise<RunningServer> {
  const server = await openServer({ readiness: () => parts.claims.readiness(), ...parts })
  server.serve(parts)
  return server
}

/** Listens before there is anything to serve, so that probes are answered from the start on. */
export async function openServer(
  parts: OpenServerParts & Partial<Services>,
): Promise<RunningServer> {
  const { settings, clock, logger, isDraining = () => false } = parts
  const limits = limitsOf(settings)
  let isServing = false
  const phase = () => (isServing ? (isDraining() ? 'draining' : 'serving') : 'starting')
  const metrics = new Registry()
  const traffic = new Traffic()
  const serverApp = await createServerApp({
    clock,
    limits,
    logger,
    metrics,
    phase,
    allowedOrigins: settings.allowedOrigins,
    onUnavailable() {
      traffic.unavailable += 1
    },
  })
  const { app, uses, plain, answers, limitUnknown } = serverApp
  await useOpenApi(app)
  const tokens = tokensOf(parts)
  const hookParts = { ...parts, metrics, tokens, limitUnknown, traffic }
  const { hooks, count } = await callHooks(app, hookParts, limits)
  const metricsText = async () => (await parts.metricsText()) + (await metrics.metrics())
  // The routes have these from the first moment; no call reaches them before `serve` fills them.
  const { claims = {}, orders = {} } = parts
  const services = { claims, orders } as Services
  const { figures, ...consoles } = consolesOf(parts, services, { tokens, traffic })
  const { runs, streams } = consoles
  const oneThing = oneThingOf(parts)
  const routeParts = { ...parts, ...services, ...consoles, metricsText, limits, oneThing, traffic }
  addRoutes(app, { hooks, limits }, allRoutes({ app, uses }, routeParts))
  addPages(app, { ...parts, ...services, hooks, uses, settings })
  const plainParts = { clock, traffic, tokens, count, plain, answers, logger }
  // Where addresses are limited, a hook has to be asked first.
  const isPlain = settings.addressRateMax === 0
  if (isPlain) plain.answerBy(plainClaims(app, { ...plainParts, claims: services.claims }))
  parts.extraRoutes?.(app, hooks)
  const address = await serverApp.listen(settings).catch(async (error: unknown) => {
    await tokens.close()
    throw error
  })
  return {
    address,
    app,
    serve(there) {
      Object.assign(services.claims, there.claims)
      Object.assign(services.orders, there.orders)
      isServing = true
      serverApp.makeUses()
      figures.begin()
      runs.serve()
    },
    async close() {
      // First, so that nobody who is waited for waits for a key, or watches for ever.
      streams.close()
      // A rehearsal takes away what it has made while there is somebody to ask for it.
      await runs.close()
      await Promise.all([tokens.close(), figures.close()])
      await serverApp.stop()
    },
  }
}

type HookParts = ServerParts &
  Pick<ServerApp, 'limitUnknown'> & {
    metrics: Registry
    tokens: TokenVerifier
    traffic: Traffic
  }

async function callHooks(
  app: FastifyInstance,
  { settings, clock, metrics, tokens, limitUnknown, traffic }: HookParts,
  limits: ServerLimits,
): Promise<{ hooks: CallHooks; count: CountCaller }> {
  const { authenticate, authenticateConsole, only } = useAuth(app, { tokens, metrics })
  const onLimited = () => {
    traffic.tooMany += 1
  }
  const rates = { clock, ...settings, keysMax: limits.rateKeysMax, onLimited }
  const { byCaller, byAddress, count } = await useRateLimits(app, rates)
  for (const limiter of byAddress) limitUnknown(limiter)
  const hooks = {
    service: [],
    anyone: byAddress,
    user: [...byAddress, authenticate, ...byCaller],
    orderReader: [...byAddress, authenticateConsole, ...byCaller],
    guarded: [...byAddress, guarded],
    operator: [...byAddress, authenticateConsole, only('operator'), ...byCaller],
    viewer: [...byAddress, authenticateConsole, only('operator', 'viewer'), ...byCaller],
    till: [...byAddress, authenticate, only('redeem', 'operator'), ...byCaller],
    tillViewer: [
      ...byAddress,
      authenticateConsole,
      only('redeem', 'operator', 'viewer'),
      ...byCaller,
    ],
    auditor: [authenticateConsole, only('operator', 'viewer')],
  }
  return { hooks, count }
}

function consolesOf(
  parts: ServerParts,
  services: Services,
  { tokens, traffic }: { tokens: TokenVerifier; traffic: Traffic },
) {
  const { settings, clock, consoleCodes: codes } = parts
  const { claims } = services
  const { jwtSecret: secret, tokenRules: rules = defaultRules } = settings
  const figures = figuresOf(parts, services, traffic)
  const { gateIsHere } = parts.figures ?? {}
  const streamsMax = settings.consoleStreamsMax ?? streamsMaxDefault
  return {
    sessions: createConsoleSessions({ tokens, codes, clock, secret, rules }),
    figures,
    toldSoldOut: (couponId: string, quantity: number) => figures.toldSoldOut(couponId, quantity),
    streams: new Streams({ clock, claims, figures, gateIsHere, streamsMax }),
    runs: new ConsoleRuns({ ...parts, ...(parts.runs ?? noRuns), claims }),
  }
}

const noRuns: RunSources = {
  board: () => null,
  launch() {
    throw new Error('nothing is launched where there is no board')
  },
}
const streamsMaxDefault = 100
const nothingKnown = { claimCounts: () => ({}), readUpTo: () => undefined, reader: () => null }

function figuresOf(parts: ServerParts, { claims }: Services, traffic: Traffic): Figures {
  const { clock, newId, logger, readiness, figures: sources = nothingKnown } = parts
  const isReady = () => readiness().ready
  const logTime = () => claims.logTime()
  const quantityOf = (couponId: string) => restockable(claims.coupon(couponId))
  return new Figures({ ...sources, clock, newId, logger, isReady, logTime, quantityOf, traffic })
}

function restockable(coupon: Coupon | undefined): number | undefined {
  return coupon?.status === 'closed' ? undefined : coupon?.quantity
}

const defaultRules: TokenRules = { userClaim: 'sub' }

function tokensOf({ settings, clock, keySet, logger }: ServerParts): TokenVerifier {
  const { jwtSecret: secret, tokenRules: rules = defaultRules, tokenLimits } = settings
  const onNews: TokenVerifierParts['onNews'] = ({ isWrong, message }) =>
    logger?.[isWrong ? 'warn' : 'info'](message)
  const limits = tokenLimits ?? {}
  return new TokenVerifier({ secret, rules, clock, source: keySet, onNews, limits })
}

function oneThingOf({ clock, givenKeys: shared, logger }: ServerParts): OneThing {
  const onAway = (err: Error) => logger?.warn({ err }, 'what a key was given for is not known')
  return new OneThing({ clock, shared, onAway })
}

function allRoutes(server: Pick<ServerApp, 'app' | 'uses'>, parts: RouteParts): Route[] {
  const { readiness, metricsText } = parts
  const readUpTo = () => parts.figures?.readUpTo()
  const guesses = new CodeGuesses({ clock: parts.clock, shared: parts.guessCounts })
  const codes = { guesses, holders: new CodeHolders({ ...parts, readUpTo }) }
  return [
    ...serviceRoutes({ readiness, metricsText, degraded: () => degraded(parts) }),
    openApiRoute(server),
    problemPageRoute,
    ...couponRoutes(parts),
    liveRoute(parts),
    ...commandRoutes(parts),
    actsRoute(parts),
    revokeRoute(parts),
    ...claimRoutes(parts),
    ...heldCouponRoutes(parts),
    ...redemptionRoutes(parts, codes),
    codeRoute(parts, codes),
    ...winnerRoutes(parts),
    ...proofRoutes(parts),
    ...supplyRoutes(parts),
    ...orderRoutes(parts),
    foundOrdersRoute(parts),
    ...auditRoutes(parts),
    ...manyLettersRoutes(parts),
    ...deadLetterRoutes(parts),
    ...consoleSessionRoutes(parts),
    ...consoleRunRoutes(parts),
    consoleStreamRoute(parts.streams),
  ]
}

/** What does not work although claims do. */
function degraded({ claims, orders }: RouteParts): string[] {
  return [...(claims.degraded?.() ?? []), ...(orders.degraded?.() ?? [])]
}
