// PostgreSQL as it is found: behind a pooler, with a certificate of a private authority, with
// another encoding. What can be worked with is; what never can be is refused at once, by name.

import assert from 'node:assert/strict'
import { chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { migrate } from '../../../src/adapters/database/migrations.ts'
import {
  type PostgresDatabase,
  type PostgresOptions,
  startPostgres,
} from '../../../src/adapters/database/postgres.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { makeCertificates } from '../../services/kafka-certificates.ts'
import { findPgBouncer, type PoolMode, startPgBouncer } from '../../services/pgbouncer.ts'
import { findPostgres, serverUser, startPostgresServer } from '../../services/postgres.ts'

const skip = findPostgres() === null ? 'PostgreSQL is not installed' : false
const noPooler = skip || !findPgBouncer() ? 'PgBouncer is not installed' : false
const one = { name: 'one', text: 'select 1' }

function permanent(text: RegExp) {
  return (error: unknown) =>
    error instanceof PortError && !error.retryable && text.test(error.message)
}

function open(
  t: TestContext,
  options: Pick<PostgresOptions, 'url' | 'tls' | 'limits'>,
): PostgresDatabase {
  const database = startPostgres({ ...options, clock: systemClock() })
  t.after(() => database.close())
  return database
}

describe('PostgreSQL', { skip, timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'firstcome-postgres-tls-'))
  const { authority } = makeCertificates(directory)
  let server: Awaited<ReturnType<typeof startPostgresServer>>
  let url: string

  before(async () => {
    const home = mkdtempSync(join(tmpdir(), 'firstcome-postgres-'))
    const files = { ssl_cert_file: 'broker.pem', ssl_key_file: 'broker.key' }
    const own = Object.entries(files).map(([name, file]) => {
      const path = join(home, file)
      copyFileSync(join(directory, file), path)
      const user = serverUser()
      if (user !== undefined) chownSync(path, user.uid, user.gid)
      return [name, path]
    })
    const settings = { ssl: 'on', ...Object.fromEntries(own) }
    server = await startPostgresServer({ directory: home, settings })
    url = await server.newDatabase()
  })
  after(async () => {
    await server?.remove()
    rmSync(directory, { recursive: true })
  })

  async function behind(t: TestContext, mode: PoolMode): Promise<string> {
    const pooler = await startPgBouncer(url, mode)
    t.after(pooler.remove)
    return pooler.url
  }

  describe('behind PgBouncer', { skip: noPooler }, () => {
    it('works where each client has a session, with the time-outs of ours', async (t) => {
      const database = open(t, {
        url: await behind(t, 'session'),
        limits: { statementMsMax: 1_234, connectionsMax: 4 },
      })
      await migrate(database)
      const show = { name: 'show', text: "select current_setting('statement_timeout')" }
      for (let round = 0; round < 3; round++) {
        const many = Array.from({ length: 12 }, () => database.query(show))
        for (const { rows } of await Promise.all(many)) assert.deepEqual(rows, [['1234ms']])
      }
      // The session of a client that has gone is another client's now.
      await database.close()
      const next = open(t, { url: await behind(t, 'session') })
      assert.deepEqual((await next.query(one)).rows, [[1]])
    })

    for (const mode of ['transaction', 'statement'] as const) {
      it(`is refused at the first question where a session is shared by ${mode}`, async (t) => {
        const at = await behind(t, mode)
        for (let process = 0; process < 3; process++) {
          const refused = permanent(/gives a session to several clients.*pool_mode = session/)
          await assert.rejects(open(t, { url: at }).query(one), refused)
        }
      })
    }

    it('is refused where the pooler knows no such user or refuses the password', async (t) => {
      const at = await behind(t, 'session')
      for (const changes of [{ username: 'nobody' }, { password: 'hunter2' }]) {
        const changed: URL = Object.assign(new URL(at), changes)
        const database = open(t, { url: changed.href })
        await assert.rejects(database.query(one), permanent(/no such user|auth|SASL/))
      }
    })
  })

  describe('with a certificate of a private authority', () => {
    const encrypted = {
      name: 'ssl',
      text: 'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    }

    it('is used encrypted where the authority is given, whatever the URL says', async (t) => {
      for (const query of ['', '?sslmode=disable', '?sslmode=no-verify']) {
        const database = open(t, { url: url + query, tls: { ca: authority } })
        assert.deepEqual((await database.query(encrypted)).rows, [[true]], query)
      }
      const plain = open(t, { url })
      assert.deepEqual((await plain.query(encrypted)).rows, [[false]])
    })

    it('is refused where it is not', async (t) => {
      const stranger = open(t, { url, tls: {} })
      await assert.rejects(stranger.query(one), permanent(/certificate/))
    })
  })

  it('is refused with an encoding that cannot hold every name', async (t) => {
    const admin = open(t, { url: server.url })
    const text = "create database latin encoding 'LATIN1' locale 'C' template template0"
    await admin.query({ name: 'latin', text })
    const latin = open(t, { url: Object.assign(new URL(url), { pathname: '/latin' }).href })
    const refused = permanent(/\/latin has the encoding LATIN1.*create database … encoding 'UTF8'/)
    await assert.rejects(latin.query(one), refused)
  })
})
