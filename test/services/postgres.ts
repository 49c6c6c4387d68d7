// A PostgreSQL server of Debian's package for tests and development, with its own directory, which
// holds the cluster, its socket and its port: what lies there is started again as it was. Its
// user must give a password, as on any server of others; fsync is on unless it is set otherwise.

import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import {
  freePort,
  installPackages,
  type ServerProcess,
  serverProcess,
  startServerProcess,
  waitFor,
} from './server-process.ts'

export type PostgresServerOptions = {
  /** Kept when the server stops. Absent: a new one, deleted by `remove`. */
  directory?: string
  /** Settings of the server, which override those in its directory. */
  settings?: Readonly<Record<string, string>>
}
export type PostgresServer = {
  /** The database `postgres`, as a superuser. */
  url: string
  directory: string
  /** Of the server that runs now. */
  process(): ServerProcess
  newDatabase(): Promise<string>
  start(): Promise<void>
  /** As an operator does: connections are ended, everything is written. */
  stop(): Promise<void>
  /** All its processes are killed at once. */
  crash(): Promise<void>
  /** No process of it goes on, and no connection is closed: from outside, it hangs. */
  pause(): void
  resume(): void
  /** Stops it, and deletes its directory. */
  remove(): Promise<void>
}

const password = 'firstcome'

/** null: PostgreSQL is not here, and cannot be installed. */
export function findPostgres(): string | null {
  const find = () => globSync('/usr/lib/postgresql/*/bin').sort().at(-1) ?? null
  return find() ?? (installPackages(['postgresql']) ? find() : null)
}

/** Starts what lies in the directory, unless it runs already. */
export async function startPostgresServer(
  options: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const binaries = findPostgres()
  if (binaries === null) throw new Error(howToRun)
  const directory = resolve(
    options.directory ?? (await mkdtemp(join(tmpdir(), 'firstcome-postgres-'))),
  )
  const cluster: Cluster = { binaries, directory, settings: options.settings ?? {} }
  if (!existsSync(join(directory, 'data', 'PG_VERSION'))) await createCluster(cluster)
  const port = Number(readFileSync(join(directory, 'port'), 'utf8'))
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  let server = runningServer(cluster) ?? startServer(cluster, port)
  await waitFor(`PostgreSQL in ${directory}`, () => answers(url, server))

  async function stop(): Promise<void> {
    await server.end('SIGINT')
  }
  return {
    url,
    directory,
    process: () => server,
    newDatabase: () => newDatabase(url),
    async start() {
      server = startServer(cluster, port)
      await waitFor(`PostgreSQL in ${directory}`, () => answers(url, server))
    },
    stop,
    async crash() {
      // Stopped first, so that none sees another die and does more than it could in a real crash.
      const all = family(server.pid)
      for (const pid of all) signal(pid, 'SIGSTOP')
      for (const pid of all) signal(pid, 'SIGKILL')
      await waitFor('the end of PostgreSQL', () => !all.some(isAlive))
    },
    pause: () => family(server.pid).forEach((pid) => signal(pid, 'SIGSTOP')),
    resume: () => family(server.pid).forEach((pid) => signal(pid, 'SIGCONT')),
    async remove() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export type PostgresForTests = {
  /** Why the tests that need a server cannot run here; false if they can. */
  skip: string | false
  /** The server of our own; null where the environment names one. */
  server: PostgresServer | null
  /** An empty database for the tests of one file, deleted when they are through. */
  newDatabase(): Promise<string>
  close(): Promise<void>
}

const howToRun = `PostgreSQL is not installed. Install Debian's package "postgresql", or name a
server, as one who may create databases, in FIRSTCOME_POSTGRES_URL`

/** The server that the environment names, or one of our own. */
export async function postgresForTests(): Promise<PostgresForTests> {
  const given = process.env.FIRSTCOME_POSTGRES_URL
  if (given !== undefined) {
    const made: string[] = []
    return {
      skip: false,
      server: null,
      async newDatabase() {
        const url = await newDatabase(given)
        made.push(url)
        return url
      },
      close: () => dropDatabases(given, made),
    }
  }
  if (findPostgres() === null) {
    if (process.env.CI !== undefined) throw new Error(howToRun)
    const none = () => Promise.reject(new Error(howToRun))
    return { skip: howToRun, server: null, newDatabase: none, close: async () => {} }
  }
  const server = await startPostgresServer()
  return { skip: false, server, newDatabase: server.newDatabase, close: server.remove }
}

async function newDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await execute(url, `create database ${name}`)
  const made = new URL(url)
  made.pathname = `/${name}`
  return made.href
}

async function dropDatabases(url: string, made: readonly string[]): Promise<void> {
  for (const { pathname } of made.map((it) => new URL(it))) {
    await execute(url, `drop database if exists ${pathname.slice(1)} with (force)`)
  }
}

async function execute(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function answers(url: string, server: ServerProcess): Promise<boolean> {
  if (!server.isRunning()) throw new Error(`PostgreSQL has ended:\n${server.output()}`)
  return execute(url, 'select 1').then(
    () => true,
    () => false,
  )
}

type Cluster = {
  binaries: string
  directory: string
  settings: Readonly<Record<string, string>>
}

async function createCluster({ binaries, directory }: Cluster): Promise<void> {
  const user = serverUser()
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'password'), password)
  writeFileSync(join(directory, 'port'), String(await freePort()))
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  // A cluster that was made by halves, because somebody had enough, is never used.
  const making = join(directory, 'data.new')
  rmSync(making, { recursive: true, force: true })
  const args = ['--pgdata', making, '--username', 'postgres', '--no-sync']
  const locale = ['--encoding', 'UTF8', '--locale', 'C.UTF-8']
  const access = ['--auth', 'scram-sha-256', '--pwfile', join(directory, 'password')]
  const made = spawnSync(join(binaries, 'initdb'), [...args, ...locale, ...access], {
    cwd: directory,
    env: { PATH: process.env.PATH, LANG: 'C' },
    encoding: 'utf8',
    ...user,
  })
  if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`)
  renameSync(making, join(directory, 'data'))
}

/** The server refuses to run as root. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const entry = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  if (entry === null) throw new Error('there is no user postgres, as whom the server could run')
  return { uid: Number(entry[1]), gid: Number(entry[2]) }
}

function startServer({ binaries, directory, settings }: Cluster, port: number): ServerProcess {
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    ...settings,
  }
  return startServerProcess({
    name: 'postgres',
    file: join(binaries, 'postgres'),
    args: [
      '-D',
      join(directory, 'data'),
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    directory,
    user: serverUser(),
  })
}

/** One that was started earlier in this directory, if it still runs. */
function runningServer({ directory }: Cluster): ServerProcess | null {
  const path = join(directory, 'data', 'postmaster.pid')
  if (!existsSync(path)) return null
  const server = serverProcess(
    parseInt(readFileSync(path, 'utf8'), 10),
    join(directory, 'postgres.out'),
  )
  return server.isRunning() && isPostgres(server.pid) ? server : null
}

/** A number in a file may be another process's by now. */
function isPostgres(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
}

/** The first process and its children, each of which is in a group of its own. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.split(' ').filter(Boolean).map(Number)]
}

function isAlive(pid: number): boolean {
  return serverProcess(pid, '').isRunning()
}

/** It may have ended by itself in the meantime. */
function signal(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name)
}
