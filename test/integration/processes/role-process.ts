// A role of the distributed profile as its operator runs it: a process of its own, with settings
// from its environment alone. Ends only what it started, by its process id.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { signToken } from '../../../src/client/tokens.ts'
import { endsOf, type ServiceProcess, within } from './service-process.ts'

const binary = join(import.meta.dirname, '../../../bin/firstcome.js')
const startWaitMsMax = 60_000
export const jwtSecret = 'a secret of the tests that signs tokens'
export const codeSecret = 'a secret of the tests for coupon codes'

export type RoleProcess = Omit<ServiceProcess, 'data'>
export type RoleOptions = {
  role: string
  env: Readonly<Record<string, string>>
  args?: readonly string[]
}
export type Ended = { code: number | null; out: string; err: string }

/** Has not said that it is at work yet. */
export function launchRole({ role, env }: RoleOptions, args: readonly string[] = []) {
  const child = spawn(process.execPath, [binary, role, ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      FIRSTCOME_PORT: '0',
      FIRSTCOME_USER_RATE_MAX: '0',
      FIRSTCOME_LOG_LEVEL: 'warn',
      FIRSTCOME_JWT_SECRET: jwtSecret,
      FIRSTCOME_CODE_SECRET: codeSecret,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text))
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  return { child, printed, exited, output: () => printed.out + printed.err }
}

/** Resolves when it says where it listens; rejects with its output where it ends before. */
export async function startRole(options: RoleOptions): Promise<RoleProcess> {
  const launched = launchRole(options, options.args)
  const { child, exited, output } = launched
  const url = await listening(launched)
  return {
    url,
    output,
    ...endsOf(child, exited),
    token: (subject, operator = false) =>
      signToken({
        secret: jwtSecret,
        sub: subject,
        operator,
        expiresInSeconds: 3600,
        now: Date.now(),
      }),
  }
}

/** Runs a command until it ends by itself. */
export async function runRole(options: RoleOptions, args: readonly string[] = []): Promise<Ended> {
  const { child, printed, exited } = launchRole(options, args)
  const { code } = await within(exited, startWaitMsMax, options.role).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return { code, ...printed }
}

type Launched = { child: ChildProcess; output(): string }

async function listening({ child, output }: Launched): Promise<string> {
  const deadline = Date.now() + startWaitMsMax
  while (Date.now() < deadline) {
    assert.equal(child.exitCode ?? child.signalCode, null, `it ended: ${output()}`)
    const [, url] = /firstcome (?:api listens|\S+ is at work.* are) on (\S+)\n/.exec(output()) ?? []
    if (url !== undefined) return url
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  throw new Error(`it did not listen within ${startWaitMsMax} ms: ${output()}`)
}
