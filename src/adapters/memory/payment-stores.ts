// The memory twins of what the payment step and the built-in payment provider keep. They share the
// balances and the charges, as in SQL.

import type { Charge } from '../../domain/orders/state.ts'
import { unsettledOf } from '../../domain/orders/wallet.ts'
import type { PaymentChanges, PaymentLoaded, PaymentWanted } from '../../ports/orders.ts'
import type { WalletStore, WalletWanted } from '../../ports/payments.ts'
import {
  commandsIn,
  constraintFired,
  createConsumerStoreMemory,
  openRowsOf,
  pick,
  writeCommands,
} from './consumer-stores.ts'

/** Of the payment step and of the built-in provider: they share the balances, as in SQL. */
export type PaymentTables = Pick<PaymentLoaded, 'rows' | 'balances' | 'commands'> & {
  /** By order id. */
  charges: Map<string, { userId: string; charge: Charge }>
}

export function emptyPaymentTables(): PaymentTables {
  return { rows: new Map(), balances: new Map(), commands: new Map(), charges: new Map() }
}

export function createPaymentStepStoreMemory(tables: PaymentTables = emptyPaymentTables()) {
  const open = openRowsOf(tables.rows)
  const store = createConsumerStoreMemory(tables, {
    load: ({ orderIds, userIds, commands, captures }: PaymentWanted): PaymentLoaded => ({
      rows: pick(tables.rows, orderIds),
      balances: pick(tables.balances, userIds),
      ...commandsIn(tables, commands),
      charges: chargesIn(tables, captures?.orderIds ?? []),
      unsettled: captures === undefined ? new Map() : unsettledIn(tables, captures.users),
    }),
    write({ balances, commands, charges = new Map(), settled = [], ...rows }: PaymentChanges) {
      writeBalances(tables, balances)
      for (const [orderId, charged] of charges) tables.charges.set(orderId, charged)
      for (const [orderId, charged] of pick(tables.charges, settled)) {
        tables.charges.set(orderId, { ...charged, charge: settledCharge(charged.charge) })
      }
      open.write(rows)
      writeCommands(tables.commands, commands)
    },
  })
  return { ...store, openRows: open.read }
}

export function createWalletStoreMemory(tables: PaymentTables): WalletStore {
  return {
    async charge({ orderIds, users }, decide) {
      const charges = chargesIn(tables, orderIds)
      const userIds = [...users.keys()]
      const balances = new Map(userIds.map((userId) => [userId, tables.balances.get(userId) ?? 0]))
      const unsettled = unsettledIn(tables, users)
      const { changes, result } = decide(structuredClone({ charges, balances, unsettled }))
      writeBalances(tables, changes.balances)
      for (const [orderId, charged] of structuredClone(changes.charges)) {
        tables.charges.set(orderId, charged)
      }
      return result
    },
  }
}

function chargesIn({ charges }: PaymentTables, orderIds: readonly string[]): Map<string, Charge> {
  const found = [...pick(charges, orderIds)]
  return new Map(found.map(([orderId, { charge }]) => [orderId, charge]))
}

/** Of those whose balance is less than is to be captured. */
function unsettledIn({ charges, balances }: PaymentTables, users: WalletWanted['users']) {
  const sums = new Map<string, number>()
  for (const { userId, charge } of charges.values()) {
    const isShort = (users.get(userId) ?? 0) > (balances.get(userId) ?? 0)
    const amount = unsettledOf(charge)
    if (isShort && amount > 0) sums.set(userId, (sums.get(userId) ?? 0) + amount)
  }
  return sums
}

function settledCharge(charge: Charge): Charge {
  return charge.status === 'captured' ? { status: 'captured', amount: charge.amount } : charge
}

function writeBalances(tables: PaymentTables, balances: ReadonlyMap<string, number>): void {
  for (const [userId, balance] of balances) {
    if (balance < 0) throw constraintFired('not_overdrawn', `user ${userId}`)
  }
  for (const [userId, balance] of balances) tables.balances.set(userId, balance)
}
