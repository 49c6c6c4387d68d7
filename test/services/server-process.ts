// A server that the tests or a developer need for a while: a process of its own, with a directory
// of its own, ended by its id and by nothing else. The servers themselves are in the files beside
// this one.

import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export type ServerCommand = {
  name: string
  file: string
  args: readonly string[]
  /** Its working directory; its output goes to `<name>.out` in there, who it is to `<name>.pid`. */
  directory: string
  env?: Readonly<Record<string, string>>
  /** Servers that refuse to run as root run as this user. */
  user?: { uid: number; gid: number } | undefined
}
export type ServerProcess = {
  pid: number
  isRunning(): boolean
  /** What it has printed so far. */
  output(): string
  signal(signal: NodeJS.Signals): void
  /** Sends the signal, and resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** A loaded machine is slow; a server that takes longer has failed. */
export const serverWaitMsMax = 60_000
const lookEveryMs = 20

/** It goes on when this process ends; whoever starts it ends it. */
export function startServerProcess(command: ServerCommand): ServerProcess {
  const { file, args, directory, env, user } = command
  const outputPath = join(directory, `${command.name}.out`)
  const output = openSync(outputPath, 'a')
  const child = spawn(file, [...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', LANG: 'C', ...env },
    stdio: ['ignore', output, output],
    detached: true,
    ...user,
  })
  closeSync(output)
  child.unref()
  if (child.pid === undefined) throw new Error(`${file} cannot be started; is it installed?`)
  const started = { pid: child.pid, startedAt: startTime(child.pid) }
  writeFileSync(pidPath(directory, command.name), JSON.stringify(started))
  return serverProcess(child.pid, outputPath)
}

/** One that was started there, by whomever, and still runs. */
export function startedServer(directory: string, name: string): ServerProcess | null {
  const path = pidPath(directory, name)
  if (!existsSync(path)) return null
  const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8')) as Started
  const found = serverProcess(pid, join(directory, `${name}.out`))
  return found.isRunning() && startTime(pid) === startedAt ? found : null
}

/** Without the time, another process may have the number by now. */
type Started = { pid: number; startedAt: string }

function pidPath(directory: string, name: string): string {
  return join(directory, `${name}.pid`)
}

/** In ticks since the machine started: together with its number it names one process. */
function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** A handle on one that was started before, by this process or another. */
export function serverProcess(pid: number, outputPath: string): ServerProcess {
  return {
    pid,
    isRunning: () => isRunning(pid),
    output: () => readFileSync(outputPath, 'utf8'),
    signal: (signal) => void process.kill(pid, signal),
    async end(signal) {
      if (!isRunning(pid)) return
      process.kill(pid, signal)
      await waitFor(`the end of process ${pid}`, () => !isRunning(pid))
    },
  }
}

/** A process that has ended but was not yet waited for is a zombie, and not running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Looks again and again until it is so; rejects after the deadline. */
export async function waitFor(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  msMax = serverWaitMsMax,
): Promise<void> {
  const deadline = performance.now() + msMax
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${msMax} ms`)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

/** Below those that the system gives to outgoing connections, which would take a server's. */
const ports = { from: 10_000, to: 32_000 }
const given = new Set<number>()

/** Free when asked, and not given before; nobody promises that it still is a moment later. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Two processes that install at once would be in each other's way. */
const installLock = '/tmp/firstcome-install.lock'

/** Installs Debian packages where this may be done: as root, with apt. Starts none of theirs. */
export function installPackages(names: readonly string[]): boolean {
  if (process.getuid?.() !== 0) return false
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...args: string[]) => {
    const run = spawnSync('flock', [installLock, 'apt-get', ...args], { env, stdio: 'ignore' })
    return run.status === 0
  }
  const install = () => apt('install', '-y', '--no-install-recommends', ...names)
  return install() || (apt('update') && install())
}
