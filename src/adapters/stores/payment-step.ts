// What the payment step keeps in SQL: its rows, the balances that it tops up, and what became of
// the top-ups. Commands are read after the balance is locked, so one is never done twice.

import type { PaymentRow } from '../../domain/orders/state.ts'
import type { PaymentStepStore } from '../../ports/orders.ts'
import type { Database } from '../database/database.ts'
import { balanceTable } from './balances.ts'
import { createConsumerStoreSql } from './consumer-store.ts'
import { commandTable, stepRows } from './consumer-tables.ts'

export function createPaymentStepStoreSql(database: Database): PaymentStepStore {
  const schema = 'payments'
  const rowTable = stepRows<PaymentRow>(schema)
  const balanceRows = balanceTable()
  const commandRows = commandTable(schema)
  return createConsumerStoreSql(
    { database, schema },
    {
      async load(session, wanted) {
        const rows = await rowTable.load(session, wanted.orderIds)
        const balances = await balanceRows.load(session, wanted.userIds)
        return { rows, balances, commands: await commandRows.load(session, wanted.commands) }
      },
      async write(session, { rows, balances, commands }) {
        await rowTable.write(session, rows)
        await balanceRows.write(session, balances)
        await commandRows.write(session, commands)
      },
    },
  )
}
