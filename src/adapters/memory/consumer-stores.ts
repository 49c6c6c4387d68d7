// The memory twins of the consumers' SQL stores, for simulations and tests: the same fence, the
// same counts and the same constraints, and nothing shared with their callers, as over a wire.

import assert from 'node:assert/strict'
import type { HeldTerms } from '../../domain/coupons/validity.ts'
import type { CouponRow, Order, OrderState } from '../../domain/orders/state.ts'
import {
  type CommandName,
  type ConsumerPosition,
  type ConsumerStore,
  type CouponChanges,
  type CouponLoaded,
  type CouponWanted,
  commandKey,
  couponKey,
  type DeadLetterChanges,
  type DeadLetterLoaded,
  type DeadLetterWanted,
  type DoneCommand,
  isWaiting,
  nothingTaken,
  type OrderChange,
  type OrderStore,
  type OrderWanted,
  type PositionMove,
  type StepRows,
  type StockChanges,
  type StockLoaded,
  type StockWanted,
  type Taken,
} from '../../ports/orders.ts'
import { PortError } from '../../ports/port-error.ts'

type Access<Wanted, Loaded, Changes> = {
  load(wanted: Wanted): Loaded
  write(changes: Changes): void
}
type ConsumerStoreMemory<Wanted, Loaded, Changes, Tables> = {
  tables: Tables
  /** What became of the records of one partition. */
  taken(topic: string, partition: number): Taken
} & ConsumerStore<Wanted, Loaded, Changes>

export function createConsumerStoreMemory<Wanted, Loaded, Changes, Tables>(
  tables: Tables,
  { load, write }: Access<Wanted, Loaded, Changes>,
): ConsumerStoreMemory<Wanted, Loaded, Changes, Tables> {
  const stored = new Map<string, ConsumerPosition & { taken: Taken }>()

  function takenOf(topic: string, partition: number): Taken {
    return stored.get(`${topic} ${partition}`)?.taken ?? nothingTaken
  }

  function move({ taken, ...place }: PositionMove): void {
    const key = `${place.topic} ${place.partition}`
    const sums = { ...takenOf(place.topic, place.partition) }
    let all = 0
    for (const what of Object.keys(sums) as (keyof Taken)[]) {
      sums[what] += taken[what]
      all += sums[what]
    }
    assert(place.published <= place.next, 'published within next')
    assert.equal(all, place.next, `all accounted for in ${key}`)
    stored.set(key, { ...place, taken: sums })
  }

  return {
    tables,
    async positions() {
      return [...stored.values()].map(({ topic, partition, next, published, tries }) => {
        return { topic, partition, next, published, tries }
      })
    },
    async settle(positions) {
      const keyOf = (one: ConsumerPosition) => `${one.topic} ${one.partition}`
      if (positions.some((one) => stored.get(keyOf(one))?.next !== one.next)) return false
      for (const { topic, partition, next, published, tries } of positions) {
        move({ topic, partition, next, published, tries, taken: nothingTaken })
      }
      return true
    },
    async transact({ checks, wanted }, decide) {
      for (const { topic, partition, expected } of checks) {
        if ((stored.get(`${topic} ${partition}`)?.next ?? 0) !== expected) return 'fenced'
      }
      const { changes, moves, result } = decide(structuredClone(load(wanted)))
      write(structuredClone(changes))
      for (const one of moves) move(one)
      return result
    },
    taken: takenOf,
  }
}

type Kept = OrderChange & { unannounced: boolean }
type OrderStoreMemory = OrderStore & {
  kept: ReadonlyMap<string, Kept>
  taken(topic: string, partition: number): Taken
}

export function createOrderStoreMemory(): OrderStoreMemory {
  const kept = new Map<string, Kept>()
  const store = createConsumerStoreMemory(kept, {
    load({ orderIds }: OrderWanted): Map<string, OrderState> {
      return new Map([...pick(kept, orderIds)].map(([orderId, { state }]) => [orderId, state]))
    },
    write(changes: OrderChange[]) {
      for (const change of changes) {
        const { orderId } = change.state
        const before = kept.get(orderId)?.unannounced ?? false
        kept.set(orderId, { ...change, unannounced: before || (change.unannounced ?? false) })
      }
    },
  })

  function ordersWhere(wanted: (change: Kept) => boolean): Order[] {
    return [...kept.values()]
      .filter(wanted)
      .map(({ state }) => state)
      .filter((state): state is Order => state.status !== 'awaited')
  }

  return {
    ...store,
    kept,
    async nextDeadlines({ partitions, limit }) {
      const live = ordersWhere(({ state, partition }) => {
        const isLive = state.status === 'placed' || state.status === 'due'
        return isLive && partitions.includes(partition)
      })
      const mayEnd = live.filter(({ redemption }) => redemption?.isOver !== true)
      mayEnd.sort((a, b) => a.deadline - b.deadline)
      return mayEnd.slice(0, limit).map(({ orderId, deadline }) => ({ orderId, deadline }))
    },
    async unannounced({ partitions, limit }) {
      const wanted = (one: Kept) => one.unannounced && partitions.includes(one.partition)
      return structuredClone(ordersWhere(wanted).slice(0, limit))
    },
    async markAnnounced(orderIds) {
      for (const [orderId, change] of pick(kept, orderIds)) {
        kept.set(orderId, { ...change, unannounced: false })
      }
    },
  }
}

export type CouponStepTables = ReturnType<typeof emptyCouponTables>

/** What the issuer has written is filled in by the caller, who plays the issuer. */
export function emptyCouponTables() {
  return {
    rows: new Map<string, CouponRow>(),
    /** The order that uses a coupon, by `couponKey`. */
    uses: new Map<string, string>(),
    /** By `couponKey`. */
    issued: new Map<string, HeldTerms>(),
    /** By `couponKey`. */
    revoked: new Set<string>(),
    /** By partition of the claims log. */
    issuerNext: new Map<number, number>(),
    /** The same; how far it had been when its rows were dropped. */
    issuerWas: new Map<number, number>(),
  }
}

export function createCouponStepStoreMemory(tables: CouponStepTables = emptyCouponTables()) {
  const open = openRowsOf(tables.rows)

  function factsOf(coupons: CouponWanted['coupons']): CouponLoaded['facts'] {
    const facts: CouponLoaded['facts'] = new Map()
    for (const coupon of coupons) {
      const key = couponKey(coupon)
      const usedBy = tables.uses.get(key) ?? null
      const row = tables.rows.get(usedBy ?? '')
      facts.set(key, {
        issuerNext: tables.issuerNext.get(coupon.partition) ?? 0,
        issued: tables.issued.get(key) ?? null,
        issuerWas: tables.issuerWas.get(coupon.partition) ?? 0,
        isRevoked: tables.revoked.has(key),
        usedBy,
        isKept: row?.status === 'used' && row.kept === true,
        reserved: row?.status === 'used' ? (row.reserved ?? null) : null,
      })
    }
    return facts
  }

  const store = createConsumerStoreMemory(tables, {
    load({ orderIds, coupons }: CouponWanted): CouponLoaded {
      return { rows: pick(tables.rows, orderIds), facts: factsOf(coupons) }
    },
    write({ effects, ...rows }: CouponChanges) {
      tables.uses = usesAfter(tables.uses, effects)
      open.write(rows)
    },
  })
  return {
    ...store,
    openRows: open.read,
    facts: async (coupons: CouponWanted['coupons']) => structuredClone(factsOf(coupons)),
  }
}

/** With the constraints that SQL has. */
function usesAfter(
  before: ReadonlyMap<string, string>,
  effects: CouponChanges['effects'],
): Map<string, string> {
  const uses = new Map(before)
  for (const { kind, use } of effects) {
    const key = couponKey(use)
    if (kind === 'keep') continue
    if (kind === 'release') {
      if (uses.get(key) === use.orderId) uses.delete(key)
      continue
    }
    if (uses.has(key)) throw constraintFired('one_order_per_coupon', key)
    if ([...uses.values()].includes(use.orderId))
      throw constraintFired('one_coupon_per_order', use.orderId)
    uses.set(key, use.orderId)
  }
  return uses
}

export function createStockStepStoreMemory(
  tables: StockLoaded = { rows: new Map(), products: new Map(), commands: new Map() },
) {
  const open = openRowsOf(tables.rows)
  const store = createConsumerStoreMemory(tables, {
    load({ orderIds, productIds, commands }: StockWanted): StockLoaded {
      const rows = pick(tables.rows, orderIds)
      const held = [...rows.values()].flatMap((row) => ('lines' in row ? row.lines : []))
      const ids = [...productIds, ...held.map(({ productId }) => productId)]
      return { rows, products: pick(tables.products, ids), ...commandsIn(tables, commands) }
    },
    write({ products, commands, ...rows }: StockChanges) {
      open.write(rows)
      for (const product of products) tables.products.set(product.productId, product)
      writeCommands(tables.commands, commands)
    },
  })
  return {
    ...store,
    openRows: open.read,
    products: async (productIds: readonly string[]) => {
      return structuredClone(pick(tables.products, productIds))
    },
  }
}

/** The rows of a step, and which of them are open. */
export function openRowsOf<Row extends StepRow>(rows: Map<string, Row>) {
  const open = new Set<string>()
  return {
    write({ rows: changed, unsaid = false, said = [] }: StepRows<Row>): void {
      for (const orderId of said) open.delete(orderId)
      for (const row of changed) {
        if (!('orderId' in row)) continue
        rows.set(row.orderId, row)
        if (unsaid || isWaiting(row)) open.add(row.orderId)
        else open.delete(row.orderId)
      }
    },
    async read({ after, limit }: { after: string; limit: number }): Promise<Row[]> {
      const ids = [...open].filter((orderId) => orderId > after).sort()
      return structuredClone([...pick(rows, ids.slice(0, limit)).values()])
    },
  }
}

/** `tables` may be read by others: all that the store keeps, as it is now. */
export function createDeadLetterStoreMemory(
  tables: DeadLetterLoaded = { letters: new Map(), commands: new Map() },
) {
  return createConsumerStoreMemory(tables, {
    load: ({ ids, commands }: DeadLetterWanted): DeadLetterLoaded => ({
      letters: pick(tables.letters, ids),
      ...commandsIn(tables, commands),
    }),
    write({ letters, commands }: DeadLetterChanges) {
      for (const letter of letters) tables.letters.set(letter.id, letter)
      writeCommands(tables.commands, commands)
    },
  })
}

/** As SQL says it. */
export function constraintFired(constraint: string, what: string): PortError {
  return new PortError('store_broken', `constraint ${constraint} fired: ${what}`)
}

/** Those of these keys that are there. */
export function pick<Value>(from: ReadonlyMap<string, Value>, keys: readonly string[]) {
  const picked = new Map<string, Value>()
  for (const key of keys) {
    const value = from.get(key)
    if (value !== undefined) picked.set(key, value)
  }
  return picked
}

export function commandsIn(tables: Pick<StockLoaded, 'commands'>, names: readonly CommandName[]) {
  return { commands: pick(tables.commands, names.map(commandKey)) }
}

type StepRow = { status: 'absent' } | { status: string; orderId: string }

/** What became of a command first is what became of it. */
export function writeCommands(
  to: Map<string, DoneCommand>,
  commands: readonly DoneCommand[],
): void {
  for (const command of commands) {
    const key = commandKey(command)
    if (!to.has(key)) to.set(key, command)
  }
}
