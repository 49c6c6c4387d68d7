// A run of the console as a process of its own, with the settings of this one: storming and
// auditing take a core for seconds, and memory, that the answering thread is not to miss. Settings
// and secrets go over the channel between the two, so that no list of processes shows them.

import { type ChildProcess, fork } from 'node:child_process'
import type { Settings } from '../../../config/settings.ts'
import {
  failedRun,
  type LaunchRun,
  type RunKind,
  type RunResult,
} from '../../../ports/console-runs.ts'
import type { RunAsked, RunTold } from './run-messages.ts'

export type RunProcessParts = {
  settings: Settings
  /** Of this service, as it listens. */
  url: () => string
}

const script = new URL('../../commands/runs/run-child.ts', import.meta.url)
/** A rehearsal of the largest size takes 200 MB; a fold of millions of claims, more. */
const heapMegabytes: Readonly<Record<RunKind, number>> = { rehearsal: 512, audit: 4_096 }
/** What it made is taken away by then. */
const endMsMax = 12_000
const errorCharactersMax = 2_000

export function launchOver(parts: RunProcessParts): LaunchRun {
  return (run, onProgress) => {
    const child = fork(script, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${heapMegabytes[run.kind]}`],
    })
    let because: string | null = null
    let killing: NodeJS.Timeout | undefined
    const result = new Promise<RunResult>((resolve) => {
      let told: RunResult | null = null
      let errors = ''
      child.stderr?.on('data', (data: Buffer) => {
        errors = `${errors}${data.toString()}`.slice(-errorCharactersMax)
      })
      child.on('message', (message: RunTold) => {
        if ('progress' in message) onProgress(message.progress)
        else told = message.result
      })
      child.on('error', (error) => {
        errors = error.message
        if (child.pid === undefined) resolve(failedRun(errors))
      })
      child.on('close', (code) => {
        clearTimeout(killing)
        const ended = told ?? failedRun(errors.trim() || `it ended with ${code ?? 'a signal'}`)
        resolve(because === null ? ended : stopped(ended, because))
      })
    })
    send(child, askedOf(parts, run))
    return {
      result,
      stop(reason) {
        if (because !== null) return
        because = reason
        send(child, { stop: true })
        killing = setTimeout(() => child.kill('SIGKILL'), endMsMax)
      },
    }
  }
}

/** Without what it needs nothing of, and what cannot be sent. */
function askedOf(
  { settings, url }: RunProcessParts,
  { runId, kind, sizes }: Parameters<LaunchRun>[0],
): RunAsked {
  const { proofKey: _, proofSecret: __, proofWitnesses: ___, keySet: ____, ...rest } = settings
  return { runId, kind, sizes, url: url(), settings: { ...rest, testFaults: [] } }
}

/** A child that has gone says so by its end. */
function send(child: ChildProcess, message: RunAsked | { stop: true }): void {
  if (child.connected) child.send(message, () => {})
}

/** What was found until then stands: a breach is one, also in half a rehearsal. */
function stopped({ end, report }: RunResult, reason: string): RunResult {
  const verdict = end.verdict === 'broken' ? 'broken' : 'stopped'
  return { end: { ...end, verdict, reason }, report }
}
