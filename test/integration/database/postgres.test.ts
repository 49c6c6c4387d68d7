// What can go wrong between this process and a PostgreSQL server: no call hangs, every failure
// says whether asking again can help, and the next call works as soon as the server does.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import type { SqlRow, SqlValue } from '../../../src/adapters/database/database.ts'
import { type PostgresDatabase, startPostgres } from '../../../src/adapters/database/postgres.ts'
import type { PostgresLimits } from '../../../src/adapters/database/postgres-connection.ts'
import { PortError } from '../../../src/ports/port-error.ts'
import { type PostgresServer, postgresForTests } from '../../services/postgres.ts'
import { freePort, waitFor } from '../../services/server-process.ts'

const postgres = await postgresForTests()
after(postgres.close)
const skip = postgres.server === null ? postgres.skip || 'needs a server of its own' : false
const password = 'correct horse'
/** Short enough to be waited for. The server is given one second more to say it itself. */
const short = { connectMsMax: 500, statementMsMax: 1_000, lockMsMax: 200 }

describe('A PostgreSQL server', { skip }, () => {
  const server = postgres.server as PostgresServer
  const opened: PostgresDatabase[] = []
  const warnings: string[] = []
  let url: string

  before(async () => {
    url = await server.newDatabase()
    const database = open()
    await database.script(`
      create role visitor login password '${password}';
      create role lodger login password '${password}' connection limit 1;
      create table things (id int primary key, amount int not null);
      insert into things values (1, 0);
    `)
    await database.close()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()))
    warnings.length = 0
  })

  function open(limits: Partial<PostgresLimits> = {}, at = url): PostgresDatabase {
    const onWarning = (message: string) => void warnings.push(message)
    const database = startPostgres({ url: at, clock: systemClock(), limits, onWarning })
    opened.push(database)
    return database
  }

  /** The same database, seen by one who is not a superuser. */
  function urlOf(changes: Partial<URL>): string {
    return Object.assign(new URL(url), { username: 'visitor', password, ...changes }).href
  }

  const backends = async (database: PostgresDatabase) => {
    const text = `select pid from pg_stat_activity
      where datname = current_database() and application_name = 'firstcome'`
    return (await ask(database, text)).length
  }

  describe('that cannot be used', () => {
    it('is noticed by the first who asks, and named without its password', async () => {
      const port = String(await freePort())
      const database = open({}, urlOf({ port }))
      assert.deepEqual(database.state(), {
        open: 0,
        busy: 0,
        waiting: 0,
        reachable: false,
        failures: 0,
        lastError: null,
      })
      for (let n = 0; n < 3; n++) {
        const refused = unavailable(`127.0.0.1:${port}`)
        await assert.rejects(ask(database, 'select 1'), refused)
      }
      const { open: left, failures, lastError } = database.state()
      assert.deepEqual([left, failures], [0, 3])
      assert.match(String(lastError), /ECONNREFUSED/)
      assert.deepEqual(warnings, [lastError], 'once, until it was there again')
    })

    it('says that a password is wrong, or missing, and does not repeat it', async () => {
      const wrong = open({}, urlOf({ password: 'wrong horse' }))
      const said = broken('password authentication failed for user "visitor"')
      await assert.rejects(ask(wrong, 'select 1'), said)
      assert.equal(wrong.state().open, 0)
      const none = open({}, urlOf({ password: '' }))
      await assert.rejects(ask(none, 'select 1'), broken('asks for a password'))
    })

    it('says that there is no such database', async () => {
      const database = open({}, urlOf({ pathname: '/nowhere' }))
      await assert.rejects(ask(database, 'select 1'), broken('"nowhere" does not exist'))
    })

    it('is refused at once where its URL is none, without a word of it', () => {
      const start = () => open({}, 'postgres://u:horse@h:none/d')
      assert.throws(start, broken('cannot be understood'))
    })

    it('asks those to come again for whom it has no connection', async () => {
      const database = open({}, urlOf({ username: 'lodger' }))
      const first = ask(database, 'select pg_sleep(0.3)::text')
      // Of two who come at the same moment the server may refuse both.
      const others = open()
      const text =
        "select count(*) from pg_stat_activity where usename = 'lodger' and state = 'active'"
      await waitFor('the first', async () => (await ask(others, text))[0]?.[0] === 1)
      await assert.rejects(ask(database, 'select 1'), unavailable('too many connections'))
      await first
      assert.deepEqual(await ask(database, 'select 1'), [[1]])
    })
  })

  describe('that is slow', () => {
    it('has no more connections than the limit, for any number of callers', async () => {
      const database = open({ connectionsMax: 3 })
      const text = 'select pg_backend_pid(), pg_sleep(0.005)::text'
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask(database, text)))
      assert.equal(new Set(answers.map(([row]) => row?.[0])).size, 3)
      assert.deepEqual([database.state().open, await backends(database)], [3, 3])
    })

    it('ends a statement by itself, and the connection stays', async () => {
      const database = open(short)
      const [first] = await ask(database, 'select pg_backend_pid()')
      await assert.rejects(ask(database, 'select pg_sleep(9)::text'), unavailable('57014'))
      assert.deepEqual(await ask(database, 'select pg_backend_pid()'), [first])
      assert.deepEqual(warnings, [])
    })

    it('lets nobody wait for a lock without end', async () => {
      const database = open(short)
      await database.transaction(async (session) => {
        const text = 'update things set amount = amount + 1 where id = 1'
        await session.query({ name: 'add', text })
        await assert.rejects(ask(database, text), unavailable('55P03'))
      })
    })

    it('ends a transaction in which nothing happens, so that others get its locks', async () => {
      const database = open({ idleInTransactionMsMax: 200 })
      const add = 'update things set amount = amount + 1 where id = 1'
      const [[amount] = []] = await ask(database, 'select amount from things where id = 1')
      const idle = database.transaction(async (session) => {
        await session.query({ name: 'add', text: add })
        await ask(database, add)
        await session.query({ name: 'one', text: 'select 1' })
      })
      await assert.rejects(idle, unavailable('25P03'))
      const left = await ask(database, 'select amount from things where id = 1')
      assert.deepEqual(left, [[Number(amount) + 1]], 'what the other added')
    })
  })

  describe('that stops answering', () => {
    it('keeps nobody waiting, and is found again when it goes on', async () => {
      const database = open(short)
      const [[pid] = []] = await ask(database, 'select pg_backend_pid()')
      server.pause()
      try {
        const late = unavailable('has not answered within 2000 ms')
        await assert.rejects(ask(database, 'select 1'), late)
        assert.deepEqual([database.state().open, warnings.length], [0, 1])
        const mute = unavailable('has not let anybody in within 500 ms')
        await assert.rejects(ask(database, 'select 1'), mute)
      } finally {
        server.resume()
      }
      await reach(database)
      assert.notEqual((await ask(database, 'select pg_backend_pid()'))[0]?.[0], pid)
      await waitFor('the end of the other', async () => (await backends(database)) === 1)
    })

    it('leaves nothing of a transaction that it did not commit', async () => {
      const database = open(short)
      const writing = database.transaction(async (session) => {
        await session.query({ name: 'insert', text: 'insert into things values (7, 7)' })
        server.pause()
        await session.query({ name: 'one', text: 'select 1' })
      })
      await assert.rejects(writing, unavailable('has not answered')).finally(server.resume)
      await reach(database)
      await waitFor('the end of the other', async () => (await backends(database)) === 1)
      assert.deepEqual(await ask(database, 'select id from things where id = 7'), [])
    })

    it('does not keep a handle from closing', async () => {
      const database = open(short)
      await ask(database, 'select 1')
      server.pause()
      await database.close().finally(server.resume)
    })
  })

  describe('that is sent many rows', () => {
    const copyThings = { name: 'copy', text: 'copy copied (id, name, done) from stdin' }
    const strange = ['', ' ', '\\N', '\\.', 'a\tb', '\r\n', '\\', 'null', '봄 🎟', '{"}', `'`, null]
    const rows: SqlRow[] = Array.from({ length: 2_000 }, (_, id) => {
      return [id, strange[id % strange.length] ?? null, id % 2 === 0]
    })

    before(async () => {
      await open().script('create table copied (id int primary key, name text, done boolean)')
    })

    it('has stored them as they were, when they were more than one chunk', async () => {
      const database = open()
      const count = await database.transaction(async (session) => {
        assert(session.copy !== undefined)
        return (await session.copy(copyThings, rows)) + (await session.copy(copyThings, []))
      })
      assert.equal(count, rows.length)
      assert.deepEqual(await ask(database, 'select * from copied order by id'), rows)
    })

    it('says which constraint fired, keeps none of them, and goes on', async () => {
      const database = open({ connectionsMax: 1 })
      const copy = (text: string) => {
        return database.transaction((session) => {
          assert(session.copy !== undefined)
          return session.copy({ name: text, text }, [[9_000, 'new', true], ...rows])
        })
      }
      await assert.rejects(copy(copyThings.text), broken('constraint copied_pkey fired'))
      await assert.rejects(copy('copy nothing from stdin'), broken('"nothing" does not exist'))
      assert.deepEqual(await ask(database, 'select id from copied where id = 9000'), [])
      assert.equal(database.state().failures, 0)
    })

    it('keeps nobody waiting where it takes none of them', async () => {
      const database = open(short)
      const copying = database.transaction(async (session) => {
        assert(session.copy !== undefined)
        server.pause()
        await session.copy(copyThings, rows)
      })
      await assert.rejects(copying, unavailable('has not answered')).finally(server.resume)
      await reach(database)
    })
  })

  describe('that ends', () => {
    for (const [how, end] of [
      ['is killed', () => server.crash()],
      ['is stopped', () => server.stop()],
    ] as const) {
      it(`and ${how} between two queries is asked through a new connection`, async () => {
        const database = open(short)
        await Promise.all([ask(database, 'select 1'), ask(database, 'select 2')])
        await end()
        await waitFor('the connections to be dropped', () => database.state().open === 0)
        assert.equal(database.state().reachable, false)
        assert.equal(warnings.length, 1)
        await assert.rejects(ask(database, 'select 1'), unavailable('ECONNREFUSED'))
        await server.start()
        assert.deepEqual(await ask(database, 'select 1'), [[1]])
        assert.equal(database.state().reachable, true)
      })

      it(`and ${how} within a transaction has it fail, and keeps nothing of it`, async () => {
        const database = open(short)
        const writing = database.transaction(async (session) => {
          await session.query({ name: 'insert', text: 'insert into things values (8, 8)' })
          await end()
          await session.query({ name: 'again', text: 'insert into things values (9, 9)' })
        })
        await assert.rejects(writing, unavailable(''))
        await server.start()
        assert.deepEqual(await ask(database, 'select id from things where id > 7'), [])
      })
    }

    it('is known to be there again though nobody has asked it anything', async () => {
      const database = open(short)
      await ask(database, 'select 1')
      await server.crash()
      await waitFor('the loss', () => !database.state().reachable)
      const { failures } = database.state()
      await waitFor('a look in vain', () => database.state().failures > failures)
      await server.start()
      await waitFor('the way back', () => database.state().reachable)
      assert.equal(warnings.length, 1)
    })

    it('a connection that nobody uses is not met by the next caller', async () => {
      const database = open()
      const other = open()
      const [row] = await ask(database, 'select pg_backend_pid()')
      await ask(other, 'select pg_terminate_backend($1)', row)
      await waitFor('the connection to be dropped', () => database.state().open === 0)
      assert.match(String(database.state().lastError), /57P01/)
      assert.deepEqual(await ask(database, 'select 1'), [[1]])
    })
  })
})

async function ask(
  database: PostgresDatabase,
  text: string,
  values: readonly SqlValue[] = [],
): Promise<readonly SqlRow[]> {
  return (await database.query({ name: text.slice(0, 63), text }, values)).rows
}

/** Asks until it is answered. */
async function reach(database: PostgresDatabase): Promise<void> {
  await waitFor('the server', () =>
    ask(database, 'select 1').then(
      () => true,
      () => false,
    ),
  )
}

function unavailable(message: string): (error: unknown) => true {
  return isPortError('store_unavailable', message)
}

function broken(message: string): (error: unknown) => true {
  return isPortError('store_broken', message)
}

/** Also: it may be asked again exactly if it is unavailable, and nothing in it is a secret. */
function isPortError(code: PortError['code'], message: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.deepEqual([error.code, error.retryable], [code, code === 'store_unavailable'])
    assert(error.message.includes(message), `${error.message} does not say ${message}`)
    assert.doesNotMatch(inspect(error, { depth: 9 }), /horse/)
    return true
  }
}
