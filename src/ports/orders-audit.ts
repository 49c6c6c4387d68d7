// What an audit reads of all that the consumers of orders keep; it writes nothing.

import type { DeadLetter } from '../domain/orders/dead-letter.ts'
import type {
  AwaitedOrder,
  CouponRow,
  Order,
  PaymentRow,
  Product,
  StockRow,
} from '../domain/orders/state.ts'
import type { ConsumerName, ConsumerPosition, DoneCommand, Taken } from './orders.ts'
import type { PaymentTaker } from './payments.ts'

export type OrdersAuditSource = {
  /** Whether all that is read is as of one moment; else each call is as of its own. */
  oneMoment: boolean
  read<Result>(run: (reader: OrdersAuditReader) => Promise<Result>): Promise<Result>
}
export type OrdersAuditReader = {
  /** Of all consumers, as of one moment. */
  positions(): Promise<AuditedPosition[]>
  /** In the order of the table's key, strictly after `after`. */
  page(query: AuditQuery): Promise<AuditPage>
  /** Who takes payments, by the last consumer of payments that started; null: none has yet. */
  paymentsBy?(): Promise<PaymentTaker | null>
}
export type AuditedPosition = Omit<ConsumerPosition, 'tries'> & {
  consumer: ConsumerName
  taken: Taken
}
export type AuditQuery = { table: AuditedTable; limit: number; after: AuditKey }
export type AuditPage = {
  /**
   * The JSON of each row, as the database gives it, a line of its own; all but the last end with a
   * comma. Whoever hands them on reads none of them.
   */
  rows: string
  /** What each of them is about: the order, or else the first of its key. */
  about: readonly string[]
  /** After which key the next page begins; absent: there is none. */
  next?: AuditKey
}
/** The second is empty where the key is of one text. */
export type AuditKey = readonly [string, string]
export const auditedTables = [
  'orders',
  'coupon-rows',
  'stock-rows',
  'payment-rows',
  'uses',
  'products',
  'balances',
  'charges',
  'stock-commands',
  'payment-commands',
  'letters',
  'letter-commands',
] as const
export type AuditedTable = (typeof auditedTables)[number]
/** `status`, `unannounced` (see StepStore) and all of `columns`: beside the row itself. */
export type AuditedRows = {
  orders: {
    status: string
    unannounced: boolean
    state: AwaitedOrder | Order
    columns: {
      partition: number
      userId: string | null
      placedAt: number | null
      deadline: number | null
    }
  }
  'coupon-rows': AuditedStepRow<CouponRow>
  'stock-rows': AuditedStepRow<StockRow>
  'payment-rows': AuditedStepRow<PaymentRow>
  uses: { userId: string; couponId: string; orderId: string }
  products: Product
  balances: { userId: string; balance: number }
  charges: {
    orderId: string
    userId: string
    status: string
    amount: number
    reason: string | null
    unsettled: boolean
  }
  'stock-commands': DoneCommand
  'payment-commands': DoneCommand
  letters: AuditedLetter
  'letter-commands': DoneCommand
}
/** Instead of what may be large, its SHA-256 in hex, of the base64 text. */
export type AuditedLetter = Omit<DeadLetter, 'value'> & {
  valueSha256: string
  columns: Pick<DeadLetter, 'id' | 'consumer' | 'status'>
}
export type AuditedStepRow<Row> = {
  orderId: string
  status: string
  unannounced: boolean
  row: Row
}
