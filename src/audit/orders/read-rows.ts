// The rows of the consumers of orders, read page by page before the log is, so that it says all
// that they were made from. Tables with a row for each order or user are put into buckets; what
// operators did, and what failed, is in memory.

import { commandKey } from '../../ports/orders.ts'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedTable,
  type AuditKey,
  type AuditPage,
  auditedTables,
  type OrdersAuditReader,
  type OrdersAuditSource,
} from '../../ports/orders-audit.ts'
import type { Scratch } from '../../ports/scratch.ts'
import { type BucketLimits, type Buckets, createBuckets, type Entry, textOf } from './buckets.ts'

const orderTables = [
  'orders',
  'coupon-rows',
  'stock-rows',
  'payment-rows',
  'uses',
  'charges',
] as const satisfies AuditedTable[]
const userTables = ['balances', 'payment-commands'] as const satisfies AuditedTable[]
const smallTables = [
  'products',
  'stock-commands',
  'letters',
  'letter-commands',
] as const satisfies AuditedTable[]
type OrderTable = (typeof orderTables)[number]
type UserTable = (typeof userTables)[number]
type SmallTable = (typeof smallTables)[number]

/**
 * A source whose answers are of their own moments is asked for two pages at a time: while one is on
 * its way, the next is made. What the steps keep comes in one order, so that what is held was read
 * before the stock; the rows of the order process are compared with the log alone.
 */
const readBeside: readonly AuditedTable[] = ['orders']
const readInOrder = auditedTables.filter((table) => !readBeside.includes(table))
export const lanesMax = 2

/** By what the comparisons look for a row. */
type Tables<Table extends AuditedTable> = { [Name in Table]: Map<string, AuditedRows[Name]> }
/** `record` and `answer`: of the two topics, as they stand there, behind all rows. */
export const orderKinds = [...orderTables, 'record', 'answer'] as const
export type OrderKind = (typeof orderKinds)[number]
/** `paid`, `spending`: what the comparison of an order leaves for that of its user. */
export const userKinds = [...userTables, 'topUp', 'paid', 'spending'] as const
export type UserKind = (typeof userKinds)[number]
export type OrdersRows = Tables<SmallTable> & {
  [Table in OrderTable | UserTable]: { size: number }
} & {
  oneMoment: boolean
  positions: AuditedPosition[]
  byOrder: Buckets<OrderKind>
  byUser: Buckets<UserKind>
}
/** Of some orders. `hasCharges`: whether there is a charge of any order. */
export type OrderRows = Tables<OrderTable> & { oneMoment: boolean; hasCharges: boolean }
/** Of some users. */
export type UserRows = Tables<UserTable> & { oneMoment: boolean }

/** Most rows have 200 to 1,000 bytes; where they are larger, a page ends by its size. */
export const ordersRowsPerPage = 2_000

export function readOrdersRows(
  { read, oneMoment }: OrdersAuditSource,
  scratch: Scratch | null = null,
  limits?: BucketLimits,
): Promise<OrdersRows> {
  return read(async (reader): Promise<OrdersRows> => {
    // First: whatever is committed from here on can only make a row newer than they say.
    const positions = await reader.positions()
    const byOrder = createBuckets<OrderKind>(orderKinds, scratch, limits)
    const byUser = createBuckets<UserKind>(userKinds, scratch, limits)
    const tables: Partial<Record<AuditedTable, unknown>> = {}
    const readAll = async (names: readonly AuditedTable[]) => {
      for (const table of names) {
        if (isOneOf(orderTables, table))
          tables[table] = await gather<OrderTable>(reader, table, byOrder)
        else if (isOneOf(userTables, table))
          tables[table] = await gather<UserTable>(reader, table, byUser)
        else tables[table] = await readTable(reader, table)
      }
    }
    const lanes = oneMoment ? [auditedTables] : [readBeside, readInOrder]
    await Promise.all(lanes.map(readAll))
    return { oneMoment, positions, byOrder, byUser, ...tables } as OrdersRows
  })
}

/** Rows of some orders, as they were put into the bucket. */
export function orderRowsIn(
  entries: readonly Entry<OrderKind>[],
  { oneMoment, charges }: Pick<OrdersRows, 'oneMoment' | 'charges'>,
): OrderRows {
  const tables = tablesIn(entries, orderTables)
  return { ...tables, oneMoment, hasCharges: charges.size > 0 }
}

export function userRowsIn(
  entries: readonly Entry<UserKind>[],
  { oneMoment }: Pick<OrdersRows, 'oneMoment'>,
): UserRows {
  return { ...tablesIn(entries, userTables), oneMoment }
}

function tablesIn<Table extends AuditedTable>(
  entries: readonly Entry<string>[],
  names: readonly Table[],
): Tables<Table> {
  const tables = Object.fromEntries(names.map((name) => [name, new Map()])) as Tables<Table>
  for (const entry of entries) {
    const { kind } = entry
    if (!isOneOf(names, kind)) continue
    const row = JSON.parse(textOf(entry)) as AuditedRows[Table]
    tables[kind].set(keysOf[kind](row), row)
  }
  return tables
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name)
}

/** Resolves to how many there are. */
async function gather<Table extends OrderTable | UserTable>(
  reader: OrdersAuditReader,
  table: Table,
  buckets: Pick<Buckets<Table>, 'add' | 'settle'>,
): Promise<{ size: number }> {
  let size = 0
  for await (const { rows, about } of pagesOf(reader, table)) {
    // As they came: each is read once, where it is compared.
    for (const [n, bytes] of linesOf(rows, about.length).entries()) {
      buckets.add(about[n] ?? '', table, { bytes })
    }
    size += about.length
    await buckets.settle()
  }
  return { size }
}

function linesOf(rows: string, count: number): string[] {
  const lines = count === 0 ? [] : rows.split(',\n')
  if (lines.length === count) return lines
  throw new Error(`a page has ${lines.length} rows, about ${count} orders or users`)
}

async function readTable<Table extends AuditedTable>(
  reader: OrdersAuditReader,
  table: Table,
): Promise<Map<string, AuditedRows[Table]>> {
  const found = new Map<string, AuditedRows[Table]>()
  for await (const { rows, about } of pagesOf(reader, table)) {
    for (const line of linesOf(rows, about.length)) {
      const row = JSON.parse(line) as AuditedRows[Table]
      found.set(keysOf[table](row), row)
    }
  }
  return found
}

/** One page ahead, so that its reader and its source work at the same time. */
async function* pagesOf(reader: OrdersAuditReader, table: AuditedTable): AsyncGenerator<AuditPage> {
  const ask = (after: AuditKey) => {
    const asked = reader.page({ table, limit: ordersRowsPerPage, after })
    // Where reading fails first, nobody waits for this page any more.
    asked.catch(() => {})
    return asked
  }
  let asked: Promise<AuditPage> | null = ask(['', ''])
  while (asked !== null) {
    const page: AuditPage = await asked
    asked = page.next === undefined ? null : ask(page.next)
    yield page
  }
}

const keysOf: { [Table in AuditedTable]: (row: AuditedRows[Table]) => string } = {
  orders: ({ state }) => state.orderId,
  'coupon-rows': orderIdOf,
  'stock-rows': orderIdOf,
  'payment-rows': orderIdOf,
  uses: orderIdOf,
  products: ({ productId }) => productId,
  balances: ({ userId }) => userId,
  charges: orderIdOf,
  'stock-commands': commandKey,
  'payment-commands': commandKey,
  letters: ({ columns }) => columns.id,
  'letter-commands': commandKey,
}

function orderIdOf({ orderId }: { orderId: string }): string {
  return orderId
}
