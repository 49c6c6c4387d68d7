import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queryable } from '../database/database.ts'
import { createOrdersAuditReaderSql } from './orders-audit.ts'

test('a page of many rows is read in turns, so that a claim waits for a part of it', async () => {
  const balances = Array.from({ length: 500 }, (_, n) => ({ userId: `user-${n}`, balance: n }))
  const rows = balances.map((row) => [row.userId, '', JSON.stringify(row)])
  const database = { query: async () => ({ rows }) } as unknown as Queryable
  let turns = 0
  let isRead = false
  const count = () => {
    turns += 1
    if (!isRead) setImmediate(count)
  }
  setImmediate(count)
  const reader = createOrdersAuditReaderSql(database)
  const page = await reader.page({ table: 'balances', limit: 500, after: ['', ''] })
  isRead = true
  assert.deepEqual(page, { rows: balances, next: ['user-499', ''] })
  assert.ok(turns >= 8, `${turns} turns`)
})
