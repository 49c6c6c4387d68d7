// The product as its operator runs it: processes of their own, with settings from their environment
// alone. Ends only what it started, by its process id.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { readOwner, readSecrets } from '../../../src/adapters/data-directory.ts'
import { signToken } from '../../../src/client/tokens.ts'
import { projectionDirectory, trustProjection } from '../../../src/main/roles/projection.ts'
import { within as withinDeadline } from '../../../src/ports/clock.ts'
import { copyPglite } from '../../contracts/pglite-copies.ts'
import { waitFor } from '../../services/server-process.ts'
import { cliPath, compileCache, shortLife } from './cli-process.ts'

/** A start reads the whole log; a loaded machine is slow. */
const startWaitMsMax = 60_000
const stopWaitMsMax = 30_000
/** An audit has the lowest priority: beside others that want the cores it may take minutes. */
const commandWaitMsMax = 240_000
export const jwtSecret = 'a secret of the tests that signs tokens'
export const codeSecret = 'a secret of the tests for coupon codes'

/** A role of the distributed profile. */
export type RoleProcess = {
  url: string
  pid: number
  /** What it has printed so far, both streams. */
  output(): string
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill(signal: NodeJS.Signals): void
  /** Nobody reads what it prints any more. */
  hangUp(): void
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>
  /** kill −9, and wait until it is gone. */
  crash(): Promise<void>
  token(subject: string, operator?: boolean): string
}
export type RoleOptions = {
  role: string
  env: Readonly<Record<string, string>>
  args?: readonly string[]
}
/** The embedded profile, on a data directory. */
export type ServiceProcess = RoleProcess & { data: string }
export type ServiceOptions = {
  /** Kept if given; else made. */
  data?: string
  env?: Record<string, string>
  args?: readonly string[]
  /** How many files and sockets it may open; absent: as this process. */
  filesMax?: number
}
export type Ended = {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

/** Where nothing was done but to create the rows' database, which takes seconds. */
export async function newDataDirectory(path?: string): Promise<string> {
  const data = path ?? (await newEmptyDirectory())
  await mkdir(data, { recursive: true })
  await copyPglite(projectionDirectory(data))
  trustProjection(data)
  return data
}

export async function newEmptyDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'firstcome-data-'))
}

export async function removeDataDirectory(data: string): Promise<void> {
  await rm(data, { recursive: true, force: true })
}

/** Resolves when it listens; rejects with its output where it ends before. */
export async function startService(options: ServiceOptions = {}): Promise<ServiceProcess> {
  const data = options.data ?? (await newDataDirectory())
  const { args = [], env, filesMax } = options
  const launched = launch(['start', ...args], { FIRSTCOME_DATA: data, ...env }, filesMax)
  const url = await listening(launched, () => {
    if (!/firstcome listens on (\S+)/.test(launched.output())) return undefined
    const owner = readOwner(data)
    return owner?.pid === launched.child.pid ? (owner?.url ?? undefined) : undefined
  })
  return { data, ...running(launched, url, readSecrets(data).jwtSecret ?? '') }
}

/** Runs it until it ends by itself. */
export async function runService(
  options: ServiceOptions & { data: string },
): Promise<Ended & { output: string }> {
  const env = { FIRSTCOME_DATA: options.data, ...options.env }
  const launched = launch(['start'], env, options.filesMax)
  return { ...(await ended(launched, 'the end')), output: launched.output() }
}

/** Resolves when it says where it listens; rejects with its output where it ends before. */
export async function startRole(options: RoleOptions): Promise<RoleProcess> {
  const launched = launchRole(options, options.args)
  const said = /firstcome (?:api listens|witness \S+ listens|\S+ is at work.* are) on (\S+)\n/
  const url = await listening(launched, () => said.exec(launched.output())?.[1])
  return running(launched, url, jwtSecret)
}

/** Runs a command until it ends by itself. */
export async function runRole(options: RoleOptions, args: readonly string[] = []): Promise<Ended> {
  return ended(launchRole(options, args), options.role)
}

/** Has not said that it is at work yet. */
export function launchRole({ role, env }: RoleOptions, args: readonly string[] = []): Launched {
  const secrets = { FIRSTCOME_JWT_SECRET: jwtSecret, FIRSTCOME_CODE_SECRET: codeSecret }
  return launch([role, ...args], { ...secrets, ...env })
}

type Launched = ReturnType<typeof launch>

/** Those of this file that have not ended. */
const alive = new Set<ChildProcess>()
// A test that failed before its end would keep its file from ending, until the time of it is over.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    for (const child of alive) child.kill('SIGKILL')
  })
}

function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  filesMax: number | 'unlimited' = 'unlimited',
) {
  const command = [process.execPath, ...shortLife, cliPath, ...args]
  const limited = ['-c', `ulimit -n ${filesMax} && exec "$0" "$@"`, ...command]
  const [file = '', ...rest] = filesMax === 'unlimited' ? command : ['sh', ...limited]
  const child = spawn(file, rest, {
    env: {
      PATH: process.env.PATH ?? '',
      FIRSTCOME_PORT: '0',
      FIRSTCOME_USER_RATE_MAX: '0',
      FIRSTCOME_DRAIN_SECONDS: '0',
      FIRSTCOME_LOG_LEVEL: 'warn',
      ...compileCache,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text))
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  return { child, printed, exited, output: () => printed.out + printed.err }
}

async function listening(
  { child, output }: Launched,
  url: () => string | undefined,
): Promise<string> {
  const deadline = performance.now() + startWaitMsMax
  while (performance.now() < deadline) {
    assert.equal(child.exitCode ?? child.signalCode, null, `it ended: ${output()}`)
    const found = url()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  throw new Error(`it did not listen within ${startWaitMsMax} ms: ${output()}`)
}

function running({ child, exited, output }: Launched, url: string, secret: string): RoleProcess {
  return {
    url,
    output,
    exited,
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    hangUp() {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    async stop() {
      child.kill('SIGTERM')
      return (await within(exited, stopWaitMsMax, 'the stop')).code
    },
    async crash() {
      child.kill('SIGKILL')
      await exited
    },
    token: (sub, operator = false) =>
      signToken({ secret, sub, operator, expiresInSeconds: 3600, now: Date.now() }),
  }
}

async function ended({ child, printed, exited }: Launched, what: string): Promise<Ended> {
  const end = await within(exited, commandWaitMsMax, what).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return { ...end, ...printed }
}

/** Resolves once it can serve all of it. */
export function untilReady({ url }: Pick<RoleProcess, 'url'>): Promise<void> {
  return waitFor(
    'readiness',
    async () => (await fetch(`${url}/readyz`)).status === 200,
    startWaitMsMax,
  )
}

export function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const late = () => {
    throw new Error(`${what}: not within ${ms} ms`)
  }
  return withinDeadline({ clock: systemClock(), ms, late }, promise)
}
