// The memory twins of what the payment step and the built-in provider keep: they share the
// balances, as they do in SQL.

import type { Charge, PaymentRow } from '../../domain/orders/state.ts'
import {
  commandKey,
  type DoneCommand,
  type PaymentChanges,
  type PaymentLoaded,
  type PaymentWanted,
} from '../../ports/orders.ts'
import type { WalletStore } from '../../ports/payments.ts'
import {
  constraintFired,
  createConsumerStoreMemory,
  pick,
  writeCommands,
  writeRows,
} from './consumer-store.ts'

export type PaymentTables = {
  rows: Map<string, PaymentRow>
  balances: Map<string, number>
  commands: Map<string, DoneCommand>
  /** Of the built-in provider, by order id. */
  charges: Map<string, { userId: string; charge: Charge }>
}

export function emptyPaymentTables(): PaymentTables {
  return { rows: new Map(), balances: new Map(), commands: new Map(), charges: new Map() }
}

export function createPaymentStepStoreMemory(tables: PaymentTables = emptyPaymentTables()) {
  return createConsumerStoreMemory(tables, {
    load: ({ orderIds, userIds, commands }: PaymentWanted): PaymentLoaded => ({
      rows: pick(tables.rows, orderIds),
      balances: pick(tables.balances, userIds),
      commands: pick(tables.commands, commands.map(commandKey)),
    }),
    write({ rows, balances, commands }: PaymentChanges) {
      writeBalances(tables, balances)
      writeRows(tables.rows, rows)
      writeCommands(tables.commands, commands)
    },
  })
}

export function createWalletStoreMemory(tables: PaymentTables): WalletStore {
  return {
    async charge({ orderIds, userIds }, decide) {
      const found = [...pick(tables.charges, orderIds)]
      const charges = new Map(found.map(([orderId, { charge }]) => [orderId, charge]))
      const balances = new Map(userIds.map((userId) => [userId, tables.balances.get(userId) ?? 0]))
      const { changes, result } = decide(structuredClone({ charges, balances }))
      writeBalances(tables, changes.balances)
      for (const [orderId, charged] of structuredClone(changes.charges)) {
        tables.charges.set(orderId, charged)
      }
      return result
    },
  }
}

function writeBalances(tables: PaymentTables, balances: ReadonlyMap<string, number>): void {
  for (const [userId, balance] of balances) {
    if (balance < 0) throw constraintFired('not_overdrawn', `user ${userId}`)
  }
  for (const [userId, balance] of balances) tables.balances.set(userId, balance)
}
