// What an audit of orders reads, made from a small world: its topics as a log, and what its stores
// hold as the rows of the five consumers, both open to tampering.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import { createFindings, type Difference } from '../../src/audit/findings.ts'
import {
  auditOrders,
  type OrdersAudit,
  type OrdersCounts,
} from '../../src/audit/orders/audit-orders.ts'
import { type BucketLimits, entriesIn } from '../../src/audit/orders/buckets.ts'
import type { ReplayedClaims } from '../../src/audit/orders/check-spent.ts'
import {
  orderKinds,
  orderRowsIn,
  readOrdersRows,
  userKinds,
  userRowsIn,
} from '../../src/audit/orders/read-rows.ts'
import type { DeadLetter } from '../../src/domain/orders/dead-letter.ts'
import {
  type OrderPlaced,
  type OrdersRecord,
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { entryOf, keyOf, topicOf } from '../../src/domain/orders/records.ts'
import {
  deadLettersTopic,
  type Origin,
  retryHeaders,
  retryTopics,
} from '../../src/domain/orders/retries.ts'
import { unsettledOf } from '../../src/domain/orders/wallet.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import type { LogEntry } from '../../src/ports/log.ts'
import { type ConsumerName, isWaiting } from '../../src/ports/orders.ts'
import {
  type AuditedPosition,
  type AuditedRows,
  type AuditedTable,
  auditedTables,
  type OrdersAuditSource,
} from '../../src/ports/orders-audit.ts'
import { type Consumer, readStored, runWorld, type Scenario, type World } from './orders-world.ts'

export const partitions = 2

/** All of them may be changed before an audit reads them. */
export type AuditTables = { [Table in AuditedTable]: AuditedRows[Table][] }
export type AuditedWorld = {
  log: ReturnType<typeof openLogMemory>
  positions: AuditedPosition[]
  tables: AuditTables
  clock: { at: number }
}

/**
 * As they are when every consumer's position is where its lane stands. `moreRetries` are in the
 * retry topic besides those that wait.
 */
export async function auditedWorld(
  world: World,
  scenario: Scenario,
  moreRetries: World['retries'] = [],
): Promise<AuditedWorld> {
  const clock = { at: 0, now: () => clock.at, monotonic: () => 0, after: () => () => {} }
  const log = openLogMemory({ topics: topicPartitions, clock })
  const stored = (['orders', 'steps'] as const).flatMap((topic) => {
    return world.topics[topic].flat().map((record) => readStored(topic, record))
  })
  // The log's clock never goes back. Records of one time keep their order.
  for (const { message, at } of stored.sort((a, b) => a.at - b.at)) {
    clock.at = at
    await log.append(topicOf(message), [entryOf(message)])
  }
  for (const message of scenario.supplies) await log.append(topicOf(message), [entryOf(message)])
  for (const [n, { consumer, record }] of [...moreRetries, ...world.retries].entries()) {
    await log.append(retryTopics[0], [retriedEntry(names[consumer], record.message, n)])
  }
  clock.at = world.now
  return { log, positions: positionsOf(world, scenario), tables: tablesOf(world, scenario), clock }
}

/** A source that serves what is in `tables` and `positions` when it is read. */
export function auditSourceOf(
  { tables, positions }: Pick<AuditedWorld, 'tables' | 'positions'>,
  oneMoment = true,
): OrdersAuditSource {
  return {
    oneMoment,
    read: (run) => {
      return run({
        positions: async () => structuredClone(positions),
        // A key is where its page begins.
        async page({ table, limit, after: [first] }) {
          const end = Number(first) + limit
          const found = tables[table].slice(Number(first), end)
          const rows = found.map((row) => JSON.stringify(row)).join(',\n')
          const page = { rows, about: found.map(aboutOf) }
          return found.length < limit ? page : { ...page, next: [String(end), ''] }
        },
      })
    },
  }
}

function aboutOf(row: AuditedRows[AuditedTable]): string {
  type Names = 'orderId' | 'userId' | 'productId' | 'key' | 'id'
  type Named = Partial<Record<Names, string>> & { state?: { orderId: string } }
  const { state, orderId, userId, productId, key, id } = row as Named
  return state?.orderId ?? orderId ?? userId ?? productId ?? key ?? id ?? ''
}

/** The rows of each table as of another moment: the positions of the first, the log of the last. */
export async function worldOfMoments(
  scenario: Scenario,
  worlds: readonly [World, ...World[]],
): Promise<AuditedWorld> {
  const [first] = worlds
  const last = worlds.at(-1) ?? first
  const audited = await auditedWorld(last, scenario, first.retries)
  const tables = emptyTables()
  for (const [n, table] of auditedTables.entries()) {
    const { tables: then } = await auditedWorld(worlds[n] ?? last, scenario)
    Object.assign(tables, { [table]: then[table] })
  }
  return { ...audited, positions: (await auditedWorld(first, scenario)).positions, tables }
}

/** All rows of a source, by table and key, as the audit reads them. */
export async function rowsRead(source: OrdersAuditSource) {
  const { byOrder, byUser, ...rest } = await readOrdersRows(source)
  const rows = { ...rest, byOrder, byUser }
  const found: object[] = []
  for await (const group of byOrder.groups()) {
    found.push(orderRowsIn(entriesIn(group, orderKinds), rows))
  }
  for await (const group of byUser.groups()) {
    found.push(userRowsIn(entriesIn(group, userKinds), rows))
  }
  return { ...rest, found }
}

export function smallWorld(): Promise<AuditedWorld> {
  return worldAtRest(smallScenario)
}

export function worldAtRest(scenario: Scenario): Promise<AuditedWorld> {
  return auditedWorld(runWorld(scenario), scenario)
}

export type Audited = { counts: OrdersCounts; found: Difference[]; differences: number }
type AuditOptions = Pick<OrdersAudit, 'startThreads'> & {
  oneMoment?: boolean
  limits?: BucketLimits
  now?: (() => number) | null
  claims?: ReplayedClaims
}

export async function auditWorld(
  audited: AuditedWorld,
  options: AuditOptions = {},
): Promise<Audited> {
  const { oneMoment = true, now = () => audited.clock.at, claims, limits, ...threads } = options
  const findings = createFindings()
  const source = auditSourceOf(audited, oneMoment)
  const rows = await readOrdersRows(source, null, limits)
  const parts = { audit: { source, now, ...threads }, rows, log: audited.log, findings }
  const counts = await auditOrders({ ...parts, claims: claims ?? null })
  return { counts, found: findings.first(), differences: findings.total() }
}

/** Ann's order is confirmed with a coupon, cat's without; bob, who has no money, is refused. */
export const smallScenario: Scenario = {
  seed: 4,
  won: [
    { couponId: 'spring', userId: 'ann', offset: 0, discount: { kind: 'percent', value: 10 } },
    { couponId: 'spring', userId: 'bob', offset: 1, discount: { kind: 'percent', value: 10 } },
  ],
  supplies: [
    { type: 'product.created', ...supplied('tea', 'c1'), name: 'Tea', price: 150, stock: 10 },
    { type: 'product.created', ...supplied('cup', 'c2'), name: 'Cup', price: 999, stock: 2 },
    { type: 'stock.added', ...supplied('tea', 'c3'), add: 5 },
    { type: 'wallet.topped_up', userId: 'ann', amount: 5_000, by: 'op', commandId: 't1' },
    { type: 'wallet.topped_up', userId: 'cat', amount: 1_000, by: 'op', commandId: 't2' },
  ],
  orders: [
    placed('ann-1', { tea: 2, cup: 1 }, 0),
    placed('bob-1', { tea: 1 }, 1),
    placed('cat-1', { tea: 3 }),
  ],
}

export function placed(
  orderId: string,
  quantities: Readonly<Record<string, number>>,
  couponOffset?: number,
): OrderPlaced {
  const userId = orderId.split('-')[0] ?? ''
  const lines = Object.entries(quantities).map(([productId, quantity]) => {
    return { productId, quantity }
  })
  const timeLimitMs = 60_000
  const order: OrderPlaced = { type: 'order.placed', orderId, userId, lines, timeLimitMs }
  if (couponOffset === undefined) return order
  return { ...order, coupon: { couponId: 'spring', partition: 0, offset: couponOffset } }
}

/** His order is cancelled, but the money that he has by now was taken and not given back. */
export async function payBob(world: AuditedWorld): Promise<void> {
  const topUp = { type: 'wallet.topped_up', userId: 'bob', amount: 135, by: 'op' } as const
  await say(world, { ...topUp, commandId: 't3' })
  const command = { key: 'bob', commandId: 't3', amount: 135, outcome: 'done' }
  world.tables['payment-commands'].push(command)
  const stored = rowOf(world, 'payment-rows', (it) => it.orderId === 'bob-1')
  const payment = { orderId: 'bob-1', userId: 'bob', amount: 135 }
  Object.assign(stored, { status: 'captured', row: { status: 'captured', ...payment } })
  const charge = rowOf(world, 'charges', (it) => it.orderId === 'bob-1')
  Object.assign(charge, { status: 'captured', amount: 135, reason: null })
}

export async function say(world: AuditedWorld, ...messages: OrdersRecord[]): Promise<void> {
  for (const message of messages) await world.log.append(topicOf(message), [entryOf(message)])
}

export function rowOf<Table extends AuditedTable>(
  { tables }: AuditedWorld,
  table: Table,
  isIt: (stored: AuditedRows[Table]) => boolean,
): AuditedRows[Table] {
  const found = tables[table].find(isIt)
  assert.ok(found !== undefined)
  return found
}

function supplied(productId: string, commandId: string) {
  return { productId, commandId, by: 'op' }
}

export function emptyTables(): AuditTables {
  const tables = Object.fromEntries(auditedTables.map((table) => [table, []]))
  return tables as unknown as AuditTables
}

export function retriedEntry(
  consumer: ConsumerName,
  message: OrdersRecord,
  offset: number,
): LogEntry {
  const { key, value, headers } = entryOf(message)
  const note = {
    consumer,
    attempts: 1,
    origin: originOf(message, offset),
    reason: 'away',
    redrives: 0,
  }
  return { key, value, headers: { ...headers, ...retryHeaders(note) } }
}

export function originOf(message: OrdersRecord, offset: number): Origin {
  const partition = partitionFor(keyOf(message), partitions)
  return { topic: topicOf(message), partition, offset, appendedAt: 1 }
}

export const allApplied = { dropped: 0, postponed: 0, buried: 0, passedBy: 0 }

const topicPartitions = Object.fromEntries(
  [ordersTopic, orderStepsTopic, productsTopic, walletsTopic, ...retryTopics, deadLettersTopic].map(
    (topic) => [topic, partitions],
  ),
)
const names: Readonly<Record<Consumer, ConsumerName>> = {
  process: 'order-process',
  coupon: 'coupon-step',
  stock: 'stock-step',
  payment: 'payment-step',
}

function positionsOf({ lanes, waiting }: World, { supplies }: Scenario): AuditedPosition[] {
  const positions = lanes.map(({ consumer, topic, partition, next }): AuditedPosition => {
    const name = topic === 'orders' ? ordersTopic : orderStepsTopic
    return positionAt({ consumer: names[consumer], topic: name, partition }, next)
  })
  const taken = supplies.slice(0, supplies.length - waiting.supplies.length)
  for (const [consumer, topic] of [
    ['stock-step', productsTopic],
    ['payment-step', walletsTopic],
  ] as const) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const own = taken.filter((it) => {
        return topicOf(it) === topic && partitionFor(keyOf(it), partitions) === partition
      })
      positions.push(positionAt({ consumer, topic, partition }, own.length))
    }
  }
  return positions
}

type Place = Pick<AuditedPosition, 'consumer' | 'topic' | 'partition'>

export function positionAt(place: Place, next: number): AuditedPosition {
  return { ...place, next, published: next, taken: { ...allApplied, applied: next } }
}

function tablesOf({ stores, unannounced }: World, { supplies }: Scenario): AuditTables {
  const tables = emptyTables()
  for (const [orderId, state] of stores.orders) {
    if (state.status === 'absent') continue
    tables.orders.push(orderRow(state, unannounced.has(orderId)))
  }
  tables['coupon-rows'] = rowsOf(stores.couponRows)
  tables['stock-rows'] = rowsOf(stores.stockRows)
  tables['payment-rows'] = rowsOf(stores.paymentRows)
  for (const [key, orderId] of stores.uses) {
    const [couponId = '', userId = ''] = key.split('/')
    tables.uses.push({ userId, couponId, orderId })
  }
  for (const product of stores.products.values()) {
    if (product.status === 'stocked') tables.products.push({ ...product })
  }
  tables.balances = [...stores.balances].map(([userId, balance]) => ({ userId, balance }))
  for (const [orderId, charge] of stores.charges) {
    const userId = orderId.split('-')[0] ?? ''
    const { status } = charge
    const amount = status === 'captured' ? charge.amount : status === 'undone' ? charge.refunded : 0
    const reason = status === 'refused' ? charge.reason : null
    const unsettled = unsettledOf(charge) > 0
    tables.charges.push({ orderId, userId, status, amount, reason, unsettled })
  }
  for (const message of supplies) {
    const { commandId, type } = message
    const done = { key: keyOf(message), commandId, outcome: 'done' }
    if (type === 'product.created') {
      if (!stores.products.has(message.productId)) continue
      tables['stock-commands'].push({ ...done, amount: null })
    } else if (stores.supplied.has(commandId)) {
      const table = type === 'stock.added' ? 'stock-commands' : 'payment-commands'
      tables[table].push({ ...done, amount: stores.supplied.get(commandId) ?? 0 })
    }
  }
  return tables
}

export function orderRow(
  state: AuditedRows['orders']['state'],
  unannounced: boolean,
): AuditedRows['orders'] {
  const partition = partitionFor(state.orderId, partitions)
  const { userId, placedAt, deadline } =
    state.status === 'awaited' ? { userId: null, placedAt: null, deadline: null } : state
  const columns = { partition, userId, placedAt, deadline }
  return structuredClone({ status: state.status, unannounced, state, columns })
}

/** As SQL gives it. */
export function letterRow({ value, ...letter }: DeadLetter): AuditedRows['letters'] {
  const valueSha256 = createHash('sha256').update(value).digest('hex')
  const { id, consumer, status } = letter
  return { ...letter, valueSha256, columns: { id, consumer, status } }
}

function rowsOf<Row extends { status: string }>(rows: ReadonlyMap<string, Row>) {
  return [...rows].map(([orderId, row]) => {
    return { orderId, status: row.status, unannounced: isWaiting(row), row: structuredClone(row) }
  })
}
