// Tries mutants: each is applied to a copy, and its test is run there, no longer than it may. A
// test that passes lets its mutant survive; so does one that nobody knows by its name.

import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type Mutant, mutated } from './mutant.ts'

/** hung: its test did not end in time, which `npm test` would notice too. */
export type Verdict =
  | 'killed'
  | 'hung'
  | 'survived'
  | 'no such test'
  | 'does not load'
  | 'out of date'
export type Trial = {
  root: string
  mutants: readonly Mutant[]
  /** At a time. */
  jobs: number
  /** For one run of a test. */
  limitMs: number
  onTried(mutant: Mutant, verdict: Verdict): void
}

export function isDead(verdict: Verdict): boolean {
  return verdict === 'killed' || verdict === 'hung'
}

export async function tryMutants(trial: Trial): Promise<void> {
  const queue = [...trial.mutants]
  const work = async () => {
    const copy = copyOf(trial.root)
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        trial.onTried(next, await tryOne(copy, next, trial.limitMs))
      }
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: trial.jobs }, work))
}

function copyOf(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'firstcome-mutants-'))
  const left = ['node_modules', '.git', 'data']
  const filter = (path: string) => !left.includes(relative(root, path))
  cpSync(root, copy, { recursive: true, filter })
  const modules = join(root, 'node_modules')
  if (existsSync(modules)) symlinkSync(modules, join(copy, 'node_modules'))
  return copy
}

async function tryOne(copy: string, mutant: Mutant, limitMs: number): Promise<Verdict> {
  const text = mutated(copy, mutant)
  if (text === null) return 'out of date'
  const path = join(copy, mutant.file)
  const before = readFileSync(path)
  writeFileSync(path, text)
  const output = await run(copy, mutant, limitMs)
  writeFileSync(path, before)
  return output === null ? 'hung' : verdictOf(output)
}

/** What is said of the tests, in TAP; null: not in time. */
function run(copy: string, { test, fails }: Mutant, limitMs: number): Promise<string | null> {
  const pattern = fails.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const args = ['--test', '--test-isolation=none', '--test-reporter=tap']
  const child = spawn(process.execPath, [...args, `--test-name-pattern=${pattern}`, test], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment(),
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (some: string) => (output += some))
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  const limit = setTimeout(() => {
    child.kill('SIGKILL')
    resolve(null)
  }, limitMs)
  child.on('error', reject)
  child.on('close', () => {
    clearTimeout(limit)
    resolve(output)
  })
  return promise
}

/** A test runner tells its children that they are tests of its own. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return own
}

function verdictOf(output: string): Verdict {
  const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name = '']) => name)
  if (failed.length > 0) return failed.every(isFile) ? 'does not load' : 'killed'
  const [, passed] = /^# pass (\d+)$/m.exec(output) ?? []
  if (passed === undefined) return 'does not load'
  return passed === '0' ? 'no such test' : 'survived'
}

function isFile(name: string): boolean {
  return name.endsWith('.test.ts')
}
