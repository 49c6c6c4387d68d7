// What the built-in provider did about each order, in SQL: for itself, and for the payment step,
// which charges it in its own transactions. Both lock the balances of the users first.

import type { Charge } from '../../../domain/orders/state.ts'
import { unsettledOf } from '../../../domain/orders/wallet.ts'
import type { WalletChanges, WalletLoaded, WalletWanted } from '../../../ports/payments.ts'
import type { Queryable, SqlRow } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'
import { columnsOf } from './locked-table.ts'

type Balances = ReadonlyMap<string, number>

export function chargeTable() {
  const statements = loadStatements(['read-charges', 'upsert-charges', 'read-unsettled'])

  /** Only where it may matter: as a rule nobody's balance is too low. */
  async function readUnsettled(session: Queryable, userIds: readonly string[]) {
    if (userIds.length === 0) return new Map<string, number>()
    const { rows } = await session.query(statements['read-unsettled'], [userIds])
    return new Map(rows.map((cells) => cells as [string, number]))
  }

  return {
    /** `balances`: of the wanted users who have any, locked before. */
    async load(
      session: Queryable,
      { orderIds, users }: WalletWanted,
      balances: Balances,
    ): Promise<Pick<WalletLoaded, 'charges' | 'unsettled'>> {
      if (orderIds.length + users.size === 0) return { charges: new Map(), unsettled: new Map() }
      const { rows } = await session.query(statements['read-charges'], [orderIds])
      const unsettled = await readUnsettled(session, shortOf(users, balances))
      return { charges: new Map(rows.map(chargeOf)), unsettled }
    },

    async write(session: Queryable, charges: WalletChanges['charges']): Promise<void> {
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
    },
  }
}

function shortOf(users: WalletWanted['users'], balances: Balances): string[] {
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
