import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queryable } from '../database/database.ts'
import { createOrdersAuditReaderSql } from './orders-audit.ts'

test('a page is handed on as the database gives it, and a full one says what follows', async () => {
  const rows = '{"userId":"ann"},\n{"userId":"bob"}'
  const found = [rows, '["ann", "bob"]', '["bob", ""]', 2]
  const empty = [null, null, '[null, ""]', 0]
  const pageOf = (row: unknown[], limit: number) => {
    const database = { query: async () => ({ rows: [row] }) } as unknown as Queryable
    const reader = createOrdersAuditReaderSql(database)
    return reader.page({ table: 'balances', limit, after: ['', ''] })
  }
  const about = ['ann', 'bob']
  assert.deepEqual(await pageOf(found, 2), { rows, about, next: ['bob', ''] })
  assert.deepEqual(await pageOf(found, 3), { rows, about })
  assert.deepEqual(await pageOf(empty, 3), { rows: '', about: [] })
})

test('a page is asked for in parts, and ends early where its rows are large', async () => {
  const all = Array.from({ length: 1_200 }, (_, n) => `user-${10_000 + n}`)
  const pageOf = async (limit: number, charactersOfRow: number) => {
    let asked = 0
    const database = {
      async query(_: unknown, [after, rows]: [string, number]) {
        asked += 1
        const own = all.filter((userId) => userId > after).slice(0, rows)
        const text = own.map((userId) => `"${userId.padEnd(charactersOfRow)}"`).join(',\n')
        const last = JSON.stringify([own.at(-1) ?? null, ''])
        return { rows: [[text, JSON.stringify(own), last, own.length]] }
      },
    }
    const reader = createOrdersAuditReaderSql(database as unknown as Queryable)
    const { rows, about, next } = await reader.page({ table: 'balances', limit, after: ['', ''] })
    assert.deepEqual(
      (JSON.parse(`[${rows}]`) as string[]).map((row) => row.trim()),
      about,
    )
    assert.deepEqual(about, all.slice(0, about.length))
    return { count: about.length, next: next?.[0], asked }
  }
  assert.deepEqual(await pageOf(5_000, 10), { count: 1_200, next: undefined, asked: 3 })
  assert.deepEqual(await pageOf(1_100, 10), { count: 1_100, next: all[1_099], asked: 3 })
  assert.deepEqual(await pageOf(5_000, 4_000), { count: 500, next: all[499], asked: 1 })
})
