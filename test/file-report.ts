// A reporter for node:test that stands beside the runner's own. It ends each test file which does
// not end by itself, and names the test that it was at: `--test-timeout` sees to tests that wait
// for ever, but not to a loop, nor to what keeps a process up behind its last test. And it ends a
// run with the ten slowest test files and their seconds.

import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { setImmediate as afterOthers } from 'node:timers/promises'
import { noteOf } from './running-test.ts'

/** The slowest takes four minutes where nothing else runs, thrice that on a busy machine. */
const fileMsMax = 15 * 60_000
const filesMax = 10

type Reporter = (events: AsyncIterable<TestEvent>) => AsyncGenerator<string>

export function fileReport(limitMs: number): Reporter {
  const ended: string[] = []
  // The runner starts test files and nothing else.
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess }
    child.once('spawn', () => limitFile(child, limitMs, (text) => ended.push(text)))
  })
  return async function* (events) {
    const files: { file: string; ms: number }[] = []
    for await (const { type, data } of events) {
      yield ended.splice(0).join('')
      if (type !== 'test:summary' || data.file === undefined) continue
      files.push({ file: relative(process.cwd(), data.file), ms: data.duration_ms })
    }
    // The other reporter writes its summary first.
    await afterOthers()
    const slowest = files.toSorted((a, b) => b.ms - a.ms).slice(0, filesMax)
    yield `\nThe slowest of ${files.length} test files, in seconds:\n`
    for (const { file, ms } of slowest) yield `${(ms / 1000).toFixed(1).padStart(8)}  ${file}\n`
  }
}

function limitFile(child: ChildProcess, limitMs: number, tell: (text: string) => void): void {
  const note = noteOf(child.pid ?? 0)
  const timer = setTimeout(() => {
    tell(`\n✖ ${child.spawnargs.at(-1)} did not end within ${limitMs / 1000} s: ${lastOf(note)}\n`)
    child.kill('SIGKILL')
    // What it has started may hold them open.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, limitMs)
  child.once('exit', () => {
    clearTimeout(timer)
    rmSync(note, { force: true })
  })
}

function lastOf(note: string): string {
  try {
    return `the last test that began is “${readFileSync(note, 'utf8')}”`
  } catch {
    return 'no test had begun'
  }
}

// oxlint-disable-next-line import/no-default-export -- node:test looks for one
export default fileReport(fileMsMax)
