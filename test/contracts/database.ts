// What every Database handle must do, and every handle that can only query. `open` gives a handle
// onto a database of its own; `owner` may write there.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type {
  Database,
  Queryable,
  SqlRow,
  SqlScalar,
  SqlValue,
  Statement,
} from '../../src/adapters/database/database.ts'
import { PortError } from '../../src/ports/port-error.ts'

export type QueryableUnderTest = {
  database: Queryable
  owner: Database
  /** Closes the handle; then the owner, which may be the same. */
  close(): Promise<void>
}

const table = `
  drop schema if exists contract cascade;
  create schema contract;
  create table contract.things (
    id int constraint one_per_id primary key,
    name text not null,
    amount int constraint amount_from_one check (amount >= 1)
  );
`

export function queryableContract(name: string, open: () => Promise<QueryableUnderTest>): void {
  describe(`the contract of a handle that can query: ${name}`, () => {
    let parts: QueryableUnderTest
    before(async () => {
      parts = await open()
    })
    beforeEach(() => parts.owner.script(table))
    after(() => parts.close())

    valueTests(() => parts.database)
    failureTests(() => parts.database)

    it('answers what is asked at once, to each its own', async () => {
      const asked = Array.from({ length: 200 }, (_, n) => n)
      const echo = statement('select $1::int')
      const rows = await Promise.all(asked.map((n) => cells(parts.database, echo, [n])))
      assert.deepEqual(
        rows,
        asked.map((n) => [[n]]),
      )
    })

    it('counts the rows that were changed or returned', async () => {
      const insert = statement(`insert into contract.things select n, 'x', 1
        from generate_series(1, $1::int) n`)
      const counts = [
        (await parts.database.query(insert, [5])).count,
        (
          await parts.database.query(
            statement('update contract.things set amount = 2 where id > 3'),
          )
        ).count,
        (await parts.database.query(statement('delete from contract.things where id = 77'))).count,
        (await parts.database.query(statement('select id from contract.things'))).count,
      ]
      assert.deepEqual(counts, [5, 2, 0, 5])
    })

    it('refuses what is asked after it is closed', async () => {
      const closing = await open()
      await closing.close()
      await assert.rejects(
        closing.database.query(statement('select 1')),
        isPortError({
          code: 'store_unavailable',
        }),
      )
    })
  })
}

const texts = [
  '',
  ' ',
  'NULL',
  'null',
  '봄 🎟',
  'a,b',
  '{a}',
  '"',
  '\\',
  `'; drop table x; --`,
  '\n\t\u0001',
  'x'.repeat(100_000),
]
const numbers = [0, 1, -1, 2_147_483_647, -2_147_483_648]
const bigNumbers = [...numbers, 1_770_000_000_123, -62_135_596_800_000]
const limits = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]

function valueTests(database: () => Queryable): void {
  const echoes: readonly (readonly [string, string, readonly SqlScalar[]])[] = [
    ['text', 'select $1::text', [...texts, null]],
    ['int', 'select $1::int', [...numbers, null]],
    ['bigint', 'select $1::bigint', [...bigNumbers, ...limits, null]],
    ['boolean', 'select $1::boolean', [true, false, null]],
  ]
  for (const [type, text, values] of echoes) {
    it(`gives back each ${type} as it was sent`, async () => {
      for (const value of values) {
        assert.deepEqual(await cells(database(), statement(text), [value]), [[value]])
      }
    })
  }

  it('gives back arrays of them, nulls included, as rows', async () => {
    const unnest = statement(
      'select * from unnest($1::text[], $2::bigint[], $3::int[], $4::boolean[])',
    )
    const length = 15
    const filled = (values: readonly SqlScalar[]) => {
      return Array.from({ length }, (_, n) => values[n] ?? null)
    }
    const columns = [filled(texts), filled([...bigNumbers, ...limits]), filled(numbers)]
    const all = [...columns, filled([true, false])]
    const expected = Array.from({ length }, (_, n) => all.map((column) => column[n]))
    assert.deepEqual(await cells(database(), unnest, all), expected)
    assert.deepEqual(await cells(database(), unnest, [[], [], [], []]), [])
  })

  it('gives every other type as text', async () => {
    const others = statement(`select 1.50::numeric, '{"b": 1}'::jsonb, '2026-01-02'::date`)
    assert.deepEqual(await cells(database(), others), [['1.50', '{"b": 1}', '2026-01-02']])
  })

  it('refuses a bigint that a number cannot hold', async () => {
    for (const text of ['9007199254740992', '-9007199254740993', '9223372036854775807']) {
      const asked = database().query(statement(`select '${text}'::bigint`))
      await assert.rejects(asked, isPortError({ code: 'store_broken', message: text }))
    }
    assert.deepEqual(await cells(database(), statement('select 1')), [[1]])
  })
}

function failureTests(database: () => Queryable): void {
  const insert = statement('insert into contract.things values ($1, $2, $3)')
  const failures: readonly (readonly [string, Statement, readonly SqlValue[], string])[] = [
    ['a unique constraint', insert, [1, 'again', 1], 'one_per_id'],
    ['a check constraint', insert, [2, 'x', 0], 'amount_from_one'],
    ['a column that is missing', insert, [3, null, 1], 'name'],
    ['a parameter of the wrong type', insert, ['x', 'x', 1], 'invalid input syntax'],
    ['a table that does not exist', statement('select * from contract.none'), [], 'contract.none'],
    ['a statement that is none', statement('selec 1'), [], 'syntax error'],
    ['a text that SQL cannot hold', insert, [4, 'a\0b', 1], '0x00'],
  ]
  // Whatever is written: it is no fault of a record.
  const tableFailures = ['a table that does not exist', 'a statement that is none']
  for (const [what, failing, values, message] of failures) {
    it(`says what is broken by ${what}, and goes on`, async () => {
      await database().query(insert, [1, 'first', 1])
      const asked = database().query(failing, values)
      const expected = { code: 'store_broken', retryable: false, message } as const
      await assert.rejects(asked, isPortError(expected))
      await assert.rejects(database().query(failing, values), (error: PortError) => {
        return error.isOfTable === tableFailures.includes(what) && isPortError(expected)(error)
      })
      const left = await cells(database(), statement('select * from contract.things'))
      assert.deepEqual(left, [[1, 'first', 1]])
    })
  }
}

export function databaseContract(name: string, open: () => Promise<Database>): void {
  describe(`the database contract: ${name}`, () => {
    let database: Database
    before(async () => {
      database = await open()
    })
    beforeEach(() => database.script(table))
    after(() => database.close())

    transactionTests(() => database)

    it('answers what was asked before it was closed, and nothing later', async () => {
      const closing = await open()
      const asked = closing.query(statement('select 1'))
      const within = closing.transaction((session) => session.query(statement('select 2')))
      const closed = closing.close()
      const refused = { code: 'store_unavailable' } as const
      await assert.rejects(closing.query(statement('select 3')), isPortError(refused))
      await assert.rejects(closing.script('select 4'), isPortError(refused))
      await assert.rejects(
        closing.transaction(async () => {}),
        isPortError(refused),
      )
      assert.deepEqual((await asked).rows, [[1]])
      assert.deepEqual((await within).rows, [[2]])
      await closed
      await closing.close()
    })

    it('refuses two statements of one name', async () => {
      await database.query({ name: 'twice', text: 'select 1' })
      await assert.rejects(database.query({ name: 'twice', text: 'select 2' }), /twice/)
    })

    it('runs a script whole or not at all', async () => {
      const half = `insert into contract.things values (1, 'a', 1); select broken;`
      await assert.rejects(database.script(half), isPortError({ code: 'store_broken' }))
      assert.deepEqual(await cells(database, count), [[0]])
    })
  })
}

const count = statement('select count(*)::int from contract.things')
const insertOne = statement(`insert into contract.things values ($1, 'x', $2)`)

function transactionTests(database: () => Database): void {
  it('commits a transaction and gives what it returned', async () => {
    const returned = await database().transaction(async (session) => {
      await session.query(insertOne, [1, 1])
      await session.script(`insert into contract.things values (2, 'y', 1)`)
      return 'done'
    })
    assert.equal(returned, 'done')
    assert.deepEqual(await cells(database(), count), [[2]])
  })

  it('rolls back where the transaction throws, with that error', async () => {
    const own = new Error('own')
    const failing = database().transaction(async (session) => {
      await session.query(insertOne, [1, 1])
      throw own
    })
    await assert.rejects(failing, own)
    assert.deepEqual(await cells(database(), count), [[0]])
  })

  it('rolls back where a statement in it fails, with its error', async () => {
    const failing = database().transaction(async (session) => {
      await session.query(insertOne, [1, 1])
      await session.query(insertOne, [2, 0])
    })
    await assert.rejects(failing, isPortError({ code: 'store_broken', message: 'amount_from_one' }))
    assert.deepEqual(await cells(database(), count), [[0]])
  })

  it('does not pretend to have committed where such an error was ignored', async () => {
    const failing = database().transaction(async (session) => {
      await session.query(insertOne, [1, 1])
      await session.query(insertOne, [2, 0]).catch(() => {})
    })
    await assert.rejects(failing, isPortError({ code: 'store_broken' }))
    assert.deepEqual(await cells(database(), count), [[0]])
  })

  it('lets nobody else see into a transaction', async () => {
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const transaction = database().transaction(async (session) => {
      await session.query(insertOne, [1, 1])
      entered.resolve()
      await leave.promise
      await session.query(insertOne, [2, 1])
    })
    await entered.promise
    const seen = cells(database(), count)
    leave.resolve()
    await transaction
    assert.notDeepEqual(await seen, [[1]])
  })

  it('sees one moment in a snapshot, and writes nothing in it', async () => {
    const counts = await database().transaction(async (session) => {
      return [await cells(session, count), await cells(session, count)]
    }, 'snapshot')
    assert.deepEqual(counts, [[[0]], [[0]]])
    const writing = database().transaction(
      (session) => session.query(insertOne, [1, 1]),
      'snapshot',
    )
    await assert.rejects(writing, PortError)
    assert.deepEqual(await cells(database(), count), [[0]])
  })
}

function statement(text: string): Statement {
  return { name: text.slice(0, 63), text }
}

async function cells(
  database: Queryable,
  asked: Statement,
  values: readonly SqlValue[] = [],
): Promise<readonly SqlRow[]> {
  return (await database.query(asked, values)).rows
}

type Expected = { code: PortError['code']; retryable?: boolean; message?: string }

function isPortError(expected: Expected): (error: unknown) => true {
  const { code, retryable = false, message = '' } = expected
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.deepEqual({ code: error.code, retryable: error.retryable }, { code, retryable })
    assert(error.message.includes(message), `${error.message} does not say ${message}`)
    return true
  }
}
