// Rehearsals and audits that were started from the console: what all nodes know of them. There is
// one of each kind at a time, whichever node runs it, and the last one of each is kept.

export const runKinds = ['rehearsal', 'audit'] as const
export type RunKind = (typeof runKinds)[number]

/** `users` ask for a coupon of `quantity`; an audit has no sizes. */
export type RunSizes = { users?: number | undefined; quantity?: number | undefined }
/** `part`: of this step, 0 … 1; null: not known. */
export type RunProgress = { step: string; part: number | null }
/** `id` as `I1`. `kept`: null where it could not be judged. */
export type RunPromise = {
  id: string
  kept: boolean | null
  /** What was looked at, in words, each with what was found. */
  checks: readonly { name: string; kept: boolean | null; detail: string }[]
  /** The first few, in words. */
  breaches: readonly string[]
}
export type RunEnd = {
  verdict: 'kept' | 'broken' | 'unjudged' | 'stopped' | 'failed'
  /** In words: why it was stopped, or failed. */
  reason?: string | undefined
  promises: readonly RunPromise[]
}
/** Times are ms UTC. */
export type Run = {
  runId: string
  kind: RunKind
  /** The operator. */
  by: string
  sizes: RunSizes
  startedAt: number
  endedAt: number | null
  progress: RunProgress | null
  /** null: it is under way. */
  end: RunEnd | null
}
/** What came of a run, and the whole report as text. */
export type RunResult = { end: RunEnd; report: string }

/** Of a run that came to nothing. */
export function failedRun(reason: string): RunResult {
  const end: RunEnd = { verdict: 'failed', reason, promises: [] }
  return { end, report: `${JSON.stringify(end)}\n` }
}

export type RunsKnown = { running: Run | null; last: Run | null }

/** Where the nodes tell each other. Each call rejects with a PortError. */
export type RunBoard = {
  /** False: another one of its kind is under way. */
  begin(run: Run): Promise<boolean>
  /** Says that it goes on, at least every `runBeatMsMax`; true: somebody has asked for its end. */
  goesOn(run: Run): Promise<boolean>
  end(run: Run, report: string): Promise<void>
  /** One that went with its node is the last one, until another begins: it has failed. */
  known(kind: RunKind): Promise<RunsKnown>
  /** Of the last one that has ended. */
  report(kind: RunKind): Promise<string | null>
  /** False: none is under way. */
  askForEnd(kind: RunKind): Promise<boolean>
}
/** A run that has said nothing for so long went with its node. */
export const runSilentMsMax = 10_000
export const runBeatMsMax = 1_000

/** A run as its node drives it. `result` never rejects. */
export type RunProcess = {
  result: Promise<RunResult>
  /** Ends it in order, and after a while by force. */
  stop(reason: string): void
}
export type LaunchRun = (
  run: Pick<Run, 'runId' | 'kind' | 'sizes'>,
  onProgress: (progress: RunProgress) => void,
) => RunProcess
