// Rehearsals and audits that operators start from the console: one of each kind at a time over all
// nodes, bounded in time, and ended with the service. They run in processes of their own, so that
// nobody's claim waits for them. What a rehearsal has made is taken away, however it ends.

import type { Logger } from 'pino'
import { type Clock, every, within } from '../../ports/clock.ts'
import {
  type LaunchRun,
  type Run,
  type RunBoard,
  type RunEnd,
  type RunKind,
  type RunProcess,
  type RunSizes,
  type RunsKnown,
  runBeatMsMax,
} from '../../ports/console-runs.ts'
import { messageOf, PortError } from '../../ports/port-error.ts'
import type { ClaimService } from '../claims/claim-answers.ts'

export type RunSources = {
  /** null: SQL is not up yet. */
  board: () => RunBoard | null
  launch: LaunchRun
}
export type RunsParts = RunSources & {
  clock: Clock
  newId: () => string
  logger?: Logger | undefined
  claims: Pick<ClaimService, 'coupon' | 'command' | 'openRehearsals'>
}
/** `runId`: the same again is the same run. */
export type AskedRun = { runId: string; kind: RunKind; by: string; sizes: RunSizes }
export type Begun = { kind: 'begun' | 'known'; run: Run } | { kind: 'under_way'; run: Run | null }
type Own = { process: RunProcess; over: Promise<void> }

/** A rehearsal takes seconds; an audit of a long log, minutes. */
const runMsMax: Readonly<Record<RunKind, number>> = { rehearsal: 90_000, audit: 1_800_000 }
/** For taking away what was made, when the service stops. */
const closeMsMax = 5_000
/** One of the largest has some hundred kilobytes. */
const reportCharactersMax = 1_000_000

export class ConsoleRuns {
  private readonly parts: RunsParts
  private readonly own = new Map<RunKind, Own>()
  private isClosing = false

  constructor(parts: RunsParts) {
    this.parts = parts
  }

  /** What a run has left that ended with its service is taken away, where no other goes on. */
  serve(): void {
    const look = async () => {
      const known = await this.parts.board()?.known('rehearsal')
      if (known?.running === null) await this.takeAwayLeft()
    }
    look().catch((error: unknown) => this.warn(error, 'runs of the console cannot be looked for'))
  }

  /** null: the board is not there yet. Rejects with a PortError where it is away. */
  async begin(asked: AskedRun): Promise<Begun | null> {
    const { clock } = this.parts
    const board = this.parts.board()
    if (board === null || this.isClosing) return null
    const before = await board.known(asked.kind)
    const same = [before.running, before.last].find((run) => run?.runId === asked.runId)
    if (same) return { kind: 'known', run: same }
    const run: Run = { ...asked, startedAt: clock.now(), endedAt: null, progress: null, end: null }
    if (this.own.has(asked.kind) || !(await board.begin(run))) {
      return { kind: 'under_way', run: (await board.known(asked.kind)).running }
    }
    this.start(run, board)
    if (run.kind === 'rehearsal') void this.takeAwayLeft(run)
    return { kind: 'begun', run }
  }

  async known(kind: RunKind): Promise<RunsKnown | null> {
    const known = await this.parts.board()?.known(kind)
    return known ?? null
  }

  async report(kind: RunKind): Promise<string | null> {
    return (await this.parts.board()?.report(kind)) ?? null
  }

  /** False: none is under way. */
  async stop(kind: RunKind): Promise<boolean> {
    const own = this.own.get(kind)
    own?.process.stop('an operator has stopped it')
    return own !== undefined || (await this.parts.board()?.askForEnd(kind)) === true
  }

  async close(): Promise<void> {
    this.isClosing = true
    const all = [...this.own.values()]
    for (const { process } of all) process.stop('the service has stopped')
    const ended = Promise.all(all.map(({ over }) => over))
    await within({ clock: this.parts.clock, ms: closeMsMax, late: () => [] }, ended)
  }

  private start(run: Run, board: RunBoard): void {
    const { clock, launch } = this.parts
    const { kind } = run
    const process = launch(run, (progress) => {
      run.progress = progress
    })
    let isTelling = false
    const tell = async () => {
      if (isTelling) return
      isTelling = true
      if (await this.goesOn(board, run)) process.stop('an operator has stopped it')
      isTelling = false
    }
    const stopBeat = every(clock, runBeatMsMax, () => void tell())
    const stopLimit = clock.after(runMsMax[kind], () => {
      process.stop(`it took longer than ${runMsMax[kind] / 1000} s`)
    })
    const over = process.result.then(async ({ end, report }) => {
      stopBeat()
      stopLimit()
      await this.takeAway(run)
      await this.end(board, { run, end, report })
      this.own.delete(kind)
    })
    this.own.set(kind, { process, over })
  }

  private async goesOn(board: RunBoard, run: Run): Promise<boolean> {
    try {
      return await board.goesOn({ ...run })
    } catch (error) {
      // The run itself does not need it: the others see it again when it is back.
      this.warn(error, 'how far a run of the console is cannot be told')
      return false
    }
  }

  private async end(
    board: RunBoard,
    { run, end, report }: { run: Run; end: RunEnd; report: string },
  ): Promise<void> {
    const ended = { ...run, progress: null, endedAt: this.parts.clock.now(), end }
    const kept = report.length > reportCharactersMax ? JSON.stringify(ended) : report
    await board.end(ended, kept).catch((error: unknown) => {
      this.warn(error, 'the report of a run of the console cannot be kept')
    })
  }

  /** Whoever made it has done so as a rule; one that was killed could not. */
  private async takeAway({ runId, kind, by }: Run): Promise<void> {
    const couponId = couponOfRun(runId)
    const coupon = kind === 'rehearsal' ? this.parts.claims.coupon(couponId) : undefined
    if (coupon !== undefined && coupon.status !== 'closed') await this.closeCoupon(couponId, by)
  }

  /** Only one goes on at a time, over all nodes: what else there is of the console is left over. */
  private async takeAwayLeft(goesOn?: Run): Promise<void> {
    const own = goesOn && couponOfRun(goesOn.runId)
    for (const couponId of this.parts.claims.openRehearsals?.() ?? []) {
      if (couponId.startsWith(couponOfRun(runPrefix)) && couponId !== own) {
        await this.closeCoupon(couponId, goesOn?.by ?? 'console')
      }
    }
  }

  private async closeCoupon(couponId: string, by: string): Promise<void> {
    const { newId, claims } = this.parts
    await claims.command({ type: 'coupon.closed', couponId, by, commandId: newId() })
  }

  private warn(error: unknown, text: string): void {
    if (!(error instanceof PortError)) throw error
    this.parts.logger?.warn({ reason: messageOf(error) }, text)
  }
}

/** How the ids of runs begin. */
export const runPrefix = 'console-'

/** As the command names the coupon of a run. */
function couponOfRun(runId: string): string {
  return `rehearsal-${runId}`
}
