// A Redis of one's own for tests and development: its own process, port and directory, nothing
// kept on disk. It can be stopped, killed, paused and started again.

import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import {
  freePort,
  installPackages,
  type ServerProcess,
  startServerProcess,
  waitFor,
} from './server-process.ts'

export type RedisServer = {
  url: string
  pid(): number
  /** One command, on a connection of its own. */
  command(...args: string[]): Promise<unknown>
  flush(): Promise<void>
  pause(): void
  resume(): void
  /** kill -9. */
  crash(): Promise<void>
  /** Ends it properly. */
  stop(): Promise<void>
  /** Empty, on the same port. */
  start(): Promise<void>
}
export type RedisServerOptions = {
  directory: string
  /** Absent: any free one. */
  port?: number
  args?: readonly string[]
}

/** True where there is a server to start, installed now if that may be done. */
export function redisInstalled(): boolean {
  const found = () => spawnSync('redis-server', ['--version']).status === 0
  return found() || (installPackages(['redis-server']) && found())
}

export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const { directory } = options
  const port = options.port ?? (await freePort())
  const url = `redis://127.0.0.1:${port}`
  await mkdir(directory, { recursive: true })
  let server: ServerProcess

  async function start(): Promise<void> {
    const network = ['--port', `${port}`, '--bind', '127.0.0.1']
    const nothingKept = ['--save', '', '--appendonly', 'no', '--dir', directory]
    const args = [...network, ...nothingKept, ...(options.args ?? [])]
    server = startServerProcess({ name: 'redis', file: 'redis-server', args, directory })
    await waitFor('Redis to answer', async () => {
      if (!server.isRunning()) throw new Error(`Redis has ended:\n${server.output()}`)
      return (await ping(url)) === 'PONG'
    })
  }

  await start()
  return {
    url,
    pid: () => server.pid,
    command: (...args) => redisCommand(url, args),
    async flush() {
      await redisCommand(url, ['FLUSHALL'])
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    crash: () => server.end('SIGKILL'),
    async stop() {
      // A paused process ends only once it goes on.
      if (server.isRunning()) server.signal('SIGCONT')
      await server.end('SIGTERM')
    },
    start,
  }
}

export async function redisCommand(url: string, args: readonly string[]): Promise<unknown> {
  const socket = { reconnectStrategy: false, connectTimeout: 2_000 } as const
  const client = createClient({ url, RESP: 2, socket })
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.sendCommand([...args])
  } finally {
    client.destroy()
  }
}

async function ping(url: string): Promise<unknown> {
  return redisCommand(url, ['PING']).catch(() => null)
}

export type RedisForTests = { url: string; close(): Promise<void> }

/**
 * The Redis that FIRSTCOME_REDIS_URL names, else one that `close` ends; a text says why there is
 * none, which is a reason to skip, unless everything must be checked (CI=true).
 */
export async function redisForTests(): Promise<RedisForTests | string> {
  const url = process.env.FIRSTCOME_REDIS_URL
  if (url !== undefined) return { url, close: () => Promise.resolve() }
  const own = await ownRedisForTests()
  return typeof own === 'string' ? own : { url: own.server.url, close: own.close }
}

/** One that may be paused and killed, so never one that somebody else uses. */
export async function ownRedisForTests(): Promise<
  { server: RedisServer; close(): Promise<void> } | string
> {
  if (!redisInstalled()) {
    const reason = 'needs redis-server, which is not installed and cannot be: run it as root'
    if (process.env.CI === 'true') throw new Error(reason)
    return reason
  }
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-redis-'))
  const server = await startRedis({ directory })
  return {
    server,
    async close() {
      await server.stop()
      await rm(directory, { recursive: true })
    },
  }
}
