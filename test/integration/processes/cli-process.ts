// Runs the command line as people do: a process of its own, with an environment of its own.

import { spawn } from 'node:child_process'
import { join } from 'node:path'

export type CliResult = {
  exitCode: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}
export type CliOptions = {
  env?: Record<string, string>
  cwd?: string
  /** Ctrl-C, as soon as this resolves. */
  interruptAfter?: Promise<unknown>
}

/** A command that takes longer hangs; the machine may be busy. */
const commandMsMax = 240_000

/** Starts would compile the same files again and again. */
const { NODE_COMPILE_CACHE } = process.env
export const compileCache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }

/**
 * V8 optimizes PGlite while it starts, as for a long life, and ends only when it is done with that:
 * of a process that lives for seconds it is a quarter of what it costs.
 */
export const shortLife: readonly string[] = ['--liftoff-only']

export const cliPath = join(import.meta.dirname, '../../../bin/firstcome.js')

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, cwd, interruptAfter } = options
  const child = spawn(process.execPath, [...shortLife, cliPath, ...args], {
    // Whatever zone the machine is in.
    env: { PATH: process.env.PATH, TZ: 'UTC', ...compileCache, ...env },
    timeout: commandMsMax,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  void interruptAfter?.then(() => child.kill('SIGINT'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, out, err }))
  })
}
