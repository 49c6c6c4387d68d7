// The frame of every rehearsal: one client with bounded connections, one set of limits, and what
// its stages do alike. Trusts nothing but answers; the service needs no special mode. A service
// that restarts is waited for. One that stays silent, or Ctrl-C, ends the rehearsal with what was
// told until then, and what it made there is taken away, however it ends.

import { hash } from 'node:crypto'
import type { Read } from '../client/answers.ts'
import { startHttpClient } from '../client/http-client.ts'
import type { Progress } from '../client/progress.ts'
import { type TokenMaker, tokenSigner } from '../client/tokens.ts'
import { type Clock, sleep } from '../ports/clock.ts'
import { againMs } from './attempts.ts'
import type { WinEvents } from './coupons/win-events.ts'
import { share } from './figures.ts'
import { closeWhatWasMade, type Made, nothingMade } from './leaving.ts'
import { type Left, RehearsalError } from './rehearsal-error.ts'
import { runClosedLoop } from './scheduler.ts'
import { type Service, serviceOver } from './service.ts'
import { watchSilence } from './silence.ts'

export type RehearsalPlan = TokenMaker & {
  /** Names the users and what is made for them: the same id storms with the same users again. */
  runId: string
  url: URL
  users: number
  /** Leaves what was made as it is. */
  keep?: boolean
  /** The coupon is a rehearsal's: in no list, and once it is closed without rows. */
  mark?: boolean
}
export type RehearsalParts = {
  clock: Clock
  progress: Progress
  limits?: Partial<RehearsalLimits>
  /** Aborted: everything ends now, with what is known. */
  signal?: AbortSignal | undefined
  /** The events of coupons, read from the log itself; a text says why they cannot be. */
  events?: WinEvents | string
  /** Whether somebody says that this may be done; without it nobody does. */
  confirm?(what: string): Promise<boolean>
}
/** What the stages of a rehearsal work with. */
export type Run = Required<Pick<RehearsalParts, 'clock' | 'progress' | 'events' | 'confirm'>> & {
  limits: RehearsalLimits
  service: Service
  users: readonly string[]
  /** Noted before it is asked for. */
  made: Made
  operatorToken(name: string): string
  /** Of a shop that redeems codes. */
  tillToken(name: string): string
}
/** What every report has. */
export type Ended = {
  /** Why it ended before its end; null where it did not. */
  cut: RehearsalError | null
  left: Left
}
/** How one rehearsal goes. */
export type Acts<Report> = {
  play(run: Run): Promise<Report>
  /** What is known where it was cut short; null where nobody was told anything yet. */
  told(run: Run): Report | null
}

export type RehearsalLimits = typeof limitsDefault
/** Milliseconds. */
const limitsDefault = {
  /** One request, then it is unknown. Longer than the service takes to answer 202. */
  requestMsMax: 15_000,
  /** Without any answer: some times what a restart takes, and soon enough for a report in 30 s. */
  silenceMsMax: 20_000,
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
  /** For the events of all wins, once their rows are there. */
  eventsMsMax: 30_000,
  /** For taking away what was made, in the end. */
  leaveMsMax: 8_000,
  /** For undoing what was cancelled: attempts of a step take 3 s, a consumer's successor 10 s. */
  settleMsMax: 20_000,
}
/** Requests at once outside a storm: enough to keep the service busy, too few to be one. */
const concurrencyDefault = 64
/** Beyond any rehearsal, which may be slow on purpose. */
const tokenSeconds = 7 * 24 * 3600
/** About 20 ms of work; then timers and progress get their turn. */
const tokensPerTurn = 2000

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export async function runRehearsal<Report>(
  parts: RehearsalParts,
  plan: RehearsalPlan & { connections: number },
  { play, told }: Acts<Report>,
): Promise<Report & Ended> {
  const { clock, progress, signal, events = 'nobody has said where', confirm = denied } = parts
  const { url, connections, runId, users } = plan
  const limits = { ...limitsDefault, ...parts.limits }
  const client = startHttpClient({ url, connections, requestMsMax: limits.requestMsMax })
  const http = watchSilence(client, { clock, silenceMsMax: limits.silenceMsMax, signal })
  const sign = tokenSigner(plan)
  const operatorToken = (sub: string) => {
    return sign({ sub, operator: true, expiresInSeconds: tokenSeconds, now: clock.now() })
  }
  const tillToken = (sub: string) => {
    const token = { sub, operator: false, scope: 'redeem', expiresInSeconds: tokenSeconds }
    return sign({ ...token, now: clock.now() })
  }
  const service = serviceOver({ http, url, operatorToken: operatorToken('rehearsal') })
  const made = nothingMade()
  const shared = { clock, progress, limits, events, confirm, made }
  const run: Run = { ...shared, service, users: userIds(runId, users), operatorToken, tillToken }
  const leave = async () => {
    http.close()
    await client.close()
    return closeWhatWasMade({ clock, plan, made, limits, token: operatorToken('rehearsal') })
  }
  try {
    const report = await Promise.race([play(run), http.ended])
    return { ...report, cut: null, left: await leave() }
  } catch (error) {
    const isForeseen = error instanceof RehearsalError
    const report = isForeseen && error.code !== 'refused' ? told(run) : null
    const left = await leave()
    if (isForeseen) error.left = left
    if (!isForeseen || report === null) throw error
    return { ...report, cut: error, left }
  }
}

async function denied(): Promise<boolean> {
  return false
}

/** Users of this run alone: the same id gives the same users again, and no two runs share one. */
export function userIds(runId: string, users: number): string[] {
  return Array.from({ length: users }, (_, index) => {
    return `user-${hash('sha256', `${runId}:${index}`).slice(0, 16)}`
  })
}

/** A token for each user, made before the storm so that it costs the storm nothing. */
export async function mintTokens(
  { clock, users, ...maker }: { clock: Clock; users: readonly string[] } & TokenMaker,
  progress: { made: number },
): Promise<string[]> {
  const tokens: string[] = []
  const sign = tokenSigner(maker)
  const now = clock.now()
  for (const sub of users) {
    tokens.push(sign({ sub, operator: false, expiresInSeconds: tokenSeconds, now }))
    progress.made = tokens.length
    if (tokens.length % tokensPerTurn === 0) await sleep(clock, 0)
  }
  return tokens
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

/** For the first words with a service: where nobody is, nothing is waited for. */
export function refuseNobody(read: Read<unknown>): void {
  if (!read.ok && read.status === null) throw new RehearsalError('unreachable', read.reason)
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
