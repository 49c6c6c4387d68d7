// What the payment step keeps in SQL: its rows, the balances that it tops up, and what became of
// the top-ups. Commands are read after the balance is locked, so one is never done twice. And what
// the built-in payment provider keeps: what it did about each order, for ever, and the balances,
// both in one transaction.

import type { Charge, PaymentRow } from '../../domain/orders/state.ts'
import type {
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../../ports/orders.ts'
import type { WalletChanges, WalletStore } from '../../ports/payments.ts'
import type { Database, Queryable, SqlRow } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'
import { balanceTable } from './balances.ts'
import { commandTable, createConsumerStoreSql, stepTable } from './consumer-store.ts'
import { columnsOf } from './locked-table.ts'

export function createPaymentStepStoreSql(database: Database): PaymentStepStore {
  const schema = 'payments'
  const rowTable = stepTable<PaymentRow>(database, schema)
  const balanceRows = balanceTable()
  const commandRows = commandTable(schema)
  const store = createConsumerStoreSql<PaymentWanted, PaymentLoaded, PaymentChanges>(
    { database, schema },
    {
      async load(session, wanted) {
        const rows = await rowTable.load(session, wanted.orderIds)
        const balances = await balanceRows.load(session, wanted.userIds)
        return { rows, balances, commands: await commandRows.load(session, wanted.commands) }
      },
      async write(session, { balances, commands, ...rows }) {
        await rowTable.write(session, rows)
        await balanceRows.write(session, balances)
        await commandRows.write(session, commands)
      },
    },
  )
  return { ...store, openRows: rowTable.openRows }
}

export function createWalletStoreSql(database: Database): WalletStore {
  const statements = loadStatements(['read-charges', 'upsert-charges'])
  const balanceRows = balanceTable()

  async function writeCharges(session: Queryable, charges: WalletChanges['charges']) {
    if (charges.size === 0) return
    const sorted = [...charges].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const rows = sorted.map(([orderId, { userId, charge }]) => {
      const { status } = charge
      const reason = status === 'refused' ? charge.reason : null
      return { orderId, userId, status, amount: amountOf(charge), reason }
    })
    const columns = columnsOf(rows, 'orderId', 'userId', 'status', 'amount', 'reason')
    await session.query(statements['upsert-charges'], columns)
  }

  return {
    charge({ orderIds, userIds }, decide) {
      return database.transaction(async (session) => {
        const held = await balanceRows.load(session, userIds)
        const balances = new Map(userIds.map((userId) => [userId, held.get(userId) ?? 0]))
        const { rows } = await session.query(statements['read-charges'], [orderIds])
        const { changes, result } = decide({ charges: new Map(rows.map(chargeOf)), balances })
        await writeCharges(session, changes.charges)
        await balanceRows.write(session, changes.balances)
        return result
      })
    },
  }
}

type Reason = (Charge & { status: 'refused' })['reason']
type ChargeCells = readonly [
  orderId: string,
  status: Charge['status'],
  amount: number,
  reason: Reason | null,
]

function chargeOf(row: SqlRow): [string, Charge] {
  const [orderId, status, amount, reason] = row as ChargeCells
  switch (status) {
    case 'captured':
      return [orderId, { status, amount }]
    case 'refused':
      return [orderId, { status, reason: reason ?? 'payment_declined' }]
    case 'undone':
      return [orderId, { status, refunded: amount }]
    case 'absent':
      return [orderId, { status }]
  }
}

function amountOf(charge: Charge): number {
  if (charge.status === 'captured') return charge.amount
  return charge.status === 'undone' ? charge.refunded : 0
}
