// The service as its operator runs it: a process of its own, on a free port, with its own data
// directory. Ends only what it started, by its process id.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOwner, readSecrets } from '../../../src/adapters/data-directory.ts'
import { signToken } from '../../../src/client/tokens.ts'

const binary = join(import.meta.dirname, '../../../bin/firstcome.js')
/** A start reads the whole log; a loaded machine is slow. */
const startWaitMsMax = 30_000
const stopWaitMsMax = 30_000

export type ServiceOptions = {
  /** Kept if given; else made, and removed by `discard`. */
  data?: string
  env?: Record<string, string>
}
export type ServiceProcess = {
  url: string
  data: string
  pid: number
  /** What it has printed so far, both streams. */
  output(): string
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>
  /** kill −9, and wait until it is gone. */
  crash(): Promise<void>
  token(subject: string, operator?: boolean): string
}

export async function newDataDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'firstcome-data-'))
}

export async function removeDataDirectory(data: string): Promise<void> {
  await rm(data, { recursive: true, force: true })
}

/** Resolves when it listens; rejects with its output where it ends before. */
export async function startService(options: ServiceOptions = {}): Promise<ServiceProcess> {
  const data = options.data ?? (await newDataDirectory())
  const { child, output, exited } = launch(data, options.env ?? {})
  const url = await listening({ child, data, output })
  return {
    url,
    data,
    output,
    ...endsOf(child, exited),
    token: (subject, operator = false) => tokenFor(data, { subject, operator }),
  }
}

type Exited = ServiceProcess['exited']

/** How a process that was started is ended, by its id. */
export function endsOf(
  child: ChildProcess,
  exited: Exited,
): Pick<ServiceProcess, 'pid' | 'exited' | 'kill' | 'stop' | 'crash'> {
  return {
    pid: child.pid ?? 0,
    exited,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      return (await within(exited, stopWaitMsMax, 'the stop')).code
    },
    async crash() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Runs it until it ends by itself. */
export async function runService(
  options: ServiceOptions & { data: string },
): Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }> {
  const { child, output, exited } = launch(options.data, options.env ?? {})
  const end = await within(exited, startWaitMsMax, 'the end').catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return { ...end, output: output() }
}

function launch(data: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [binary, 'start'], {
    env: {
      PATH: process.env.PATH ?? '',
      FIRSTCOME_DATA: data,
      FIRSTCOME_PORT: '0',
      FIRSTCOME_USER_RATE_MAX: '0',
      FIRSTCOME_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      printed += text
    })
  }
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  return { child, exited, output: () => printed }
}

type Listening = { child: ChildProcess; data: string; output(): string }

async function listening({ child, data, output }: Listening): Promise<string> {
  const deadline = Date.now() + startWaitMsMax
  while (Date.now() < deadline) {
    assert.equal(child.exitCode ?? child.signalCode, null, `it ended: ${output()}`)
    if (/firstcome listens on (\S+)/.test(output())) {
      const owner = readOwner(data)
      if (owner?.pid === child.pid && owner?.url !== undefined) return owner.url
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  throw new Error(`it did not listen within ${startWaitMsMax} ms: ${output()}`)
}

function tokenFor(data: string, { subject, operator }: { subject: string; operator: boolean }) {
  const { jwtSecret } = readSecrets(data)
  assert.ok(jwtSecret)
  return signToken({
    secret: jwtSecret,
    sub: subject,
    operator,
    expiresInSeconds: 3600,
    now: Date.now(),
  })
}

export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${ms} ms`)), ms)
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}
