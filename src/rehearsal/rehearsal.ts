// The frame of every rehearsal: one client with bounded connections, one set of limits, and what
// its stages do alike. Trusts nothing but answers; the service needs no special mode. A service
// that restarts is waited for; one that stays silent ends the rehearsal instead of turning every
// attempt into a time-out, one after another.

import { hash } from 'node:crypto'
import type { Read } from '../client/answers.ts'
import { type HttpClient, startHttpClient } from '../client/http-client.ts'
import type { Progress } from '../client/progress.ts'
import { tokenSigner } from '../client/tokens.ts'
import { type Clock, sleep } from '../ports/clock.ts'
import { againMs } from './attempts.ts'
import { share } from './figures.ts'
import { runClosedLoop } from './scheduler.ts'
import { type Service, serviceOver } from './service.ts'

export type RehearsalPlan = {
  /** Names the users and what is made for them: the same id storms with the same users again. */
  runId: string
  url: URL
  secret: string
  users: number
}
export type RehearsalParts = {
  clock: Clock
  progress: Progress
  limits?: Partial<RehearsalLimits>
}
/** What the stages of a rehearsal work with. */
export type Run = Omit<RehearsalParts, 'limits'> & {
  limits: RehearsalLimits
  service: Service
  users: readonly string[]
  operatorToken(name: string): string
}

export type RehearsalLimits = typeof limitsDefault
/** Milliseconds. */
const limitsDefault = {
  /** One request, then it is unknown. Longer than the service takes to answer 202. */
  requestMsMax: 15_000,
  /** Without any answer: ten times what a restart with a full log takes. */
  silenceMsMax: 30_000,
  /** A claim, from first request to end. Longer than a restart; a person would have left. */
  claimMsMax: 30_000,
  /** An order: three times what the service gives it by default, so a restart is waited for too. */
  orderMsMax: 90_000,
  /** A command of an operator: a start may still be making its database. */
  commandMsMax: 60_000,
  /** From the first to the last try of one read. */
  readMsMax: 30_000,
  /** For SQL to show what the log has decided. A first start makes the database for seconds. */
  rowsMsMax: 60_000,
  /** For undoing what was cancelled: attempts of a step take 3 s, a consumer's successor 10 s. */
  settleMsMax: 20_000,
}
/** Requests at once outside a storm: enough to keep the service busy, too few to be one. */
const concurrencyDefault = 64
/** Beyond any rehearsal, which may be slow on purpose. */
const tokenSeconds = 7 * 24 * 3600
/** About 20 ms of work; then timers and progress get their turn. */
const tokensPerTurn = 2000

/** Why a rehearsal cannot go on. */
export class RehearsalError extends Error {
  readonly code: 'unreachable' | 'refused'
  readonly retryable: boolean

  constructor(code: RehearsalError['code'], message: string) {
    super(message)
    this.name = 'RehearsalError'
    this.code = code
    this.retryable = code === 'unreachable'
  }
}

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export async function runRehearsal<Ended>(
  { clock, progress, limits: given }: RehearsalParts,
  { runId, url, secret, users, connections }: RehearsalPlan & { connections: number },
  rehearse: (run: Run) => Promise<Ended>,
): Promise<Ended> {
  const limits = { ...limitsDefault, ...given }
  const client = startHttpClient({ url, connections, requestMsMax: limits.requestMsMax })
  const http = endingInSilence(client, { clock, silenceMsMax: limits.silenceMsMax })
  const sign = tokenSigner(secret)
  const operatorToken = (sub: string) => {
    return sign({ sub, operator: true, expiresInSeconds: tokenSeconds, now: clock.now() })
  }
  const service = serviceOver({ http, url, operatorToken: operatorToken('rehearsal') })
  try {
    const ids = userIds(runId, users)
    return await rehearse({ clock, progress, limits, service, users: ids, operatorToken })
  } finally {
    await client.close()
  }
}

/** Users of this run alone: the same id gives the same users again, and no two runs share one. */
export function userIds(runId: string, users: number): string[] {
  return Array.from({ length: users }, (_, index) => {
    return `user-${hash('sha256', `${runId}:${index}`).slice(0, 16)}`
  })
}

/** A token for each user, made before the storm so that it costs the storm nothing. */
export async function mintTokens(
  { clock, users, secret }: { clock: Clock; users: readonly string[]; secret: string },
  progress: { made: number },
): Promise<string[]> {
  const tokens: string[] = []
  const sign = tokenSigner(secret)
  const now = clock.now()
  for (const sub of users) {
    tokens.push(sign({ sub, operator: false, expiresInSeconds: tokenSeconds, now }))
    progress.made = tokens.length
    if (tokens.length % tokensPerTurn === 0) await sleep(clock, 0)
  }
  return tokens
}

/** Its requests reject once nothing has been answered for so long. */
function endingInSilence(
  http: HttpClient,
  { clock, silenceMsMax }: { clock: Clock; silenceMsMax: number },
): Pick<HttpClient, 'send'> {
  let answeredAt = clock.monotonic()
  return {
    async send(request) {
      const attempt = await http.send(request)
      const now = clock.monotonic()
      if (attempt.kind === 'answered') answeredAt = now
      else if (now - answeredAt > silenceMsMax) {
        const seconds = Math.round((now - answeredAt) / 1000)
        const message = `the service has not answered for ${seconds} s (${attempt.reason})`
        throw new RehearsalError('unreachable', message)
      }
      return attempt
    },
  }
}

/** Ends when every item is done, or with the first that rejects; shows how many are done. */
export async function doAll<Item>(
  { clock, progress }: Run,
  { title, items }: { title: string; items: readonly Item[] },
  run: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let done = 0
  const loop = { asks: items.length, concurrency: concurrencyDefault }
  const all = runClosedLoop(clock, loop, async (index) => {
    await run(items[index] as Item, index)
    done += 1
  })
  await progress.during(() => `${title}: ${share(done, items.length)}`, all)
}

/** What could not be read says why. */
export type Seen<Value> = { value: Value } | { missing: string }

/** Asks until it is there, it is refused for good, or `msMax` is over. */
export async function see<Value>(
  { clock, limits }: Run,
  ask: () => Promise<Read<Value>>,
  msMax = limits.readMsMax,
): Promise<Seen<Value>> {
  const deadline = clock.monotonic() + msMax
  for (;;) {
    const read = await ask()
    if (read.ok) return { value: read.value }
    if (!read.again || clock.monotonic() >= deadline) return { missing: read.reason }
    await sleep(clock, read.retryAfterMs ?? againMs)
  }
}
