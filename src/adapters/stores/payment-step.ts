// What the payment step keeps in SQL: its rows, the balances that it tops up, and what became of
// the top-ups. Commands are read after the balance is locked, so one is never done twice. And what
// the built-in payment provider keeps: what it did about each order, for ever, and the balances,
// both in one transaction.

import type { Charge, PaymentRow } from '../../domain/orders/state.ts'
import { unsettledOf } from '../../domain/orders/wallet.ts'
import type {
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../../ports/orders.ts'
import type { WalletChanges, WalletStore, WalletWanted } from '../../ports/payments.ts'
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
  const settle = loadStatements(['settle-charges'])['settle-charges']
  const store = createConsumerStoreSql<PaymentWanted, PaymentLoaded, PaymentChanges>(
    { database, schema },
    {
      async load(session, wanted) {
        const rows = await rowTable.load(session, wanted.orderIds)
        const balances = await balanceRows.load(session, wanted.userIds)
        return { rows, balances, commands: await commandRows.load(session, wanted.commands) }
      },
      async write(session, { balances, commands, settled = [], ...rows }) {
        await rowTable.write(session, rows)
        await balanceRows.write(session, balances)
        await commandRows.write(session, commands)
        if (settled.length > 0) await session.query(settle, [settled])
      },
    },
  )
  return { ...store, openRows: rowTable.openRows }
}

export function createWalletStoreSql(database: Database): WalletStore {
  const statements = loadStatements(['read-charges', 'upsert-charges', 'read-unsettled'])
  const balanceRows = balanceTable()

  async function writeCharges(session: Queryable, charges: WalletChanges['charges']) {
    if (charges.size === 0) return
    const sorted = [...charges].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const rows = sorted.map(([orderId, { userId, charge }]) => {
      const { status } = charge
      const reason = status === 'refused' ? charge.reason : null
      const unsettled = unsettledOf(charge) > 0
      return { orderId, userId, status, amount: amountOf(charge), reason, unsettled }
    })
    const names = ['orderId', 'userId', 'status', 'amount', 'reason', 'unsettled'] as const
    await session.query(statements['upsert-charges'], columnsOf(rows, ...names))
  }

  /** Only where it may matter: as a rule nobody's balance is too low. */
  async function readUnsettled(session: Queryable, userIds: readonly string[]) {
    if (userIds.length === 0) return new Map<string, number>()
    const { rows } = await session.query(statements['read-unsettled'], [userIds])
    return new Map(rows.map((cells) => cells as [string, number]))
  }

  return {
    charge({ orderIds, users }, decide) {
      return database.transaction(async (session) => {
        const held = await balanceRows.load(session, [...users.keys()])
        const balances = new Map([...users.keys()].map((userId) => [userId, held.get(userId) ?? 0]))
        const { rows } = await session.query(statements['read-charges'], [orderIds])
        const charges = new Map(rows.map(chargeOf))
        const unsettled = await readUnsettled(session, shortOf(users, balances))
        const { changes, result } = decide({ charges, balances, unsettled })
        await writeCharges(session, changes.charges)
        await balanceRows.write(session, changes.balances)
        return result
      })
    },
  }
}

function shortOf(users: WalletWanted['users'], balances: ReadonlyMap<string, number>): string[] {
  const isShort = ([userId, wanted]: [string, number]) => wanted > (balances.get(userId) ?? 0)
  return [...users].filter(isShort).map(([userId]) => userId)
}

type Reason = (Charge & { status: 'refused' })['reason']
type ChargeCells = readonly [
  orderId: string,
  status: Charge['status'],
  amount: number,
  reason: Reason | null,
  unsettled: boolean,
]

function chargeOf(row: SqlRow): [string, Charge] {
  const [orderId, status, amount, reason, unsettled] = row as ChargeCells
  switch (status) {
    case 'captured':
      return [orderId, unsettled ? { status, amount, unsettled } : { status, amount }]
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
