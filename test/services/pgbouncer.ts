// A PgBouncer of Debian's package in front of a PostgreSQL server, with a directory of its own, as
// it stands in front of most servers that many use: with its defaults, but for its pool mode.

import { chownSync, existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverUser } from './postgres.ts'
import { freePort, installPackages, startServerProcess, waitFor } from './server-process.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'
export type Pooler = {
  /** Of the same database, through the pooler. */
  url: string
  remove(): Promise<void>
}

const binary = '/usr/sbin/pgbouncer'

/** Whether it is here, or could be installed. */
export function findPgBouncer(): boolean {
  return existsSync(binary) || (installPackages(['pgbouncer']) && existsSync(binary))
}

/** `url`: of a database of a PostgreSQL server, with a user and a password. */
export async function startPgBouncer(url: string, mode: PoolMode): Promise<Pooler> {
  const { hostname, port: serverPort, username, password } = new URL(url)
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-pgbouncer-'))
  const port = await freePort()
  const users = join(directory, 'users.txt')
  const settings = join(directory, 'pgbouncer.ini')
  writeFileSync(users, `"${username}" "${password}"\n`)
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
`,
  )
  const user = serverUser()
  if (user !== undefined) for (const path of [directory, users]) chownSync(path, user.uid, user.gid)
  const server = startServerProcess({
    name: 'pgbouncer',
    file: binary,
    args: [settings],
    directory,
    user,
  })
  await waitFor('PgBouncer', () => {
    if (!server.isRunning()) throw new Error(`PgBouncer has ended:\n${server.output()}`)
    return isOpen(port)
  })
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    async remove() {
      await server.end('SIGTERM')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
