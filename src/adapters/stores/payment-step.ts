// What the payment step keeps in SQL: its rows, the balances that it tops up, and what became of
// the top-ups. Commands are read after the balance is locked, so one is never done twice. And what
// the built-in payment provider keeps: what it did about each order, for ever, and the balances,
// both in one transaction.

import type { PaymentRow } from '../../domain/orders/state.ts'
import type {
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../../ports/orders.ts'
import type { WalletStore, WalletWanted } from '../../ports/payments.ts'
import type { Database } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { commandTable, createConsumerStoreSql, type StepRow, stepTable } from './consumer-store.ts'
import { balanceTable } from './tables/balances.ts'
import { chargeTable } from './tables/charges.ts'

export function createPaymentStepStoreSql(database: Database): PaymentStepStore {
  const schema = 'payments'
  const rowTable = stepTable<PaymentRow>(database, schema)
  const balanceRows = balanceTable()
  const commandRows = commandTable(schema)
  const chargeRows = chargeTable()
  const settle = loadStatements(['settle-charges'])['settle-charges']
  const store = createConsumerStoreSql<
    PaymentWanted,
    PaymentLoaded,
    PaymentChanges,
    StepRow<PaymentRow>
  >(
    { database, schema },
    {
      orders: rowTable.orders,
      async load(session, wanted, locked) {
        const rows = rowTable.rowsOf(locked)
        const balances = await balanceRows.load(session, wanted.userIds)
        const commands = await commandRows.load(session, wanted.commands)
        const { captures = noCaptures } = wanted
        const charged = await chargeRows.load(session, captures, balances)
        return { rows, balances, commands, ...charged }
      },
      async write(session, { balances, commands, charges, settled = [] }) {
        if (charges !== undefined) await chargeRows.write(session, charges)
        await balanceRows.write(session, balances)
        await commandRows.write(session, commands)
        if (settled.length > 0) await session.query(settle, [settled])
      },
    },
  )
  return { ...store, openRows: rowTable.openRows }
}

const noCaptures: WalletWanted = { orderIds: [], users: new Map() }

export function createWalletStoreSql(database: Database): WalletStore {
  const chargeRows = chargeTable()
  const balanceRows = balanceTable()
  return {
    charge({ orderIds, users }, decide) {
      return database.transaction(async (session) => {
        const held = await balanceRows.load(session, [...users.keys()])
        const balances = new Map([...users.keys()].map((userId) => [userId, held.get(userId) ?? 0]))
        const loaded = await chargeRows.load(session, { orderIds, users }, balances)
        const { changes, result } = decide({ ...loaded, balances })
        await chargeRows.write(session, changes.charges)
        await balanceRows.write(session, changes.balances)
        return result
      })
    },
  }
}
