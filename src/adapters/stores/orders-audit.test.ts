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
