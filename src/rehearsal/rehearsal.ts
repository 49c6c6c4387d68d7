// The frame of every rehearsal: prepare, storm, read back, reconcile, over one client with bounded
// connections and one set of limits. Trusts nothing but answers; the service needs no special mode.

import { type HttpClient, startHttpClient } from '../client/http-client.ts'
import type { Progress } from '../client/progress.ts'
import { signToken } from '../client/tokens.ts'
import type { Clock } from '../ports/clock.ts'
import type { Verdict } from './promises.ts'
import { count } from './report.ts'
import { forEach } from './scheduler.ts'
import { endingInSilence } from './silence.ts'
import { tokenSeconds, userIds } from './users.ts'

export type RehearsalPlan = {
  /** Names the users and what is made for them: the same id storms with the same users again. */
  runId: string
  url: URL
  secret: string
  users: number
}
/**
 * What differs from one rehearsal to the next: its stages, each of which gets what the one before
 * came to.
 */
export type Scenario<Plan, Ready, Stormed, Evidence> = {
  /** At a time. */
  connections(plan: Plan): number
  prepare(run: Run, plan: Plan): Promise<Ready>
  storm(run: Run, ready: Ready): Promise<Stormed>
  readBack(run: Run, stormed: Stormed): Promise<Evidence>
  /** Pure. */
  reconcile(evidence: Evidence): Verdict[]
}
export type RehearsalParts = {
  clock: Clock
  progress: Progress
  limits?: Partial<RehearsalLimits>
}
/** What the stages work with. */
export type Run = {
  clock: Clock
  progress: Progress
  limits: RehearsalLimits
  http: HttpClient
  url: URL
  runId: string
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

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export async function runRehearsal<Plan extends RehearsalPlan, Ready, Stormed, Evidence>(
  scenario: Scenario<Plan, Ready, Stormed, Evidence>,
  parts: RehearsalParts,
  plan: Plan,
): Promise<Evidence & { verdicts: Verdict[] }> {
  const { clock, progress } = parts
  const { url, secret, runId } = plan
  const limits = { ...limitsDefault, ...parts.limits }
  const { requestMsMax, silenceMsMax } = limits
  const connections = scenario.connections(plan)
  const http = startHttpClient({ url, connections, requestMsMax })
  const run: Run = {
    clock,
    progress,
    limits,
    http: endingInSilence(http, { clock, silenceMsMax }),
    url,
    runId,
    users: userIds(runId, plan.users),
    operatorToken(sub) {
      const times = { expiresInSeconds: tokenSeconds, now: clock.now() }
      return signToken({ secret, sub, operator: true, ...times })
    },
  }
  try {
    const ready = await scenario.prepare(run, plan)
    const evidence = await scenario.readBack(run, await scenario.storm(run, ready))
    return { ...evidence, verdicts: scenario.reconcile(evidence) }
  } finally {
    await http.close()
  }
}

/** Ends when every item is done; shows how many are. */
export async function doAll<Item>(
  { clock, progress }: Run,
  { title, items }: { title: string; items: readonly Item[] },
  run: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let done = 0
  const all = forEach(clock, items, async (item, index) => {
    await run(item, index)
    done += 1
  })
  await progress.during(() => `${title}: ${share(done, items.length)}`, all)
}

/** How far something is, for a line of progress. */
export function share(part: number, whole: number): string {
  return `${count(part).padStart(count(whole).length)} of ${count(whole)}`
}
