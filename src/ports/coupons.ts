// The rows of the claims log: which coupons there are and who has won them. Every port has a memory
// twin, and all adapters of a port pass its one contract suite (test/contracts).

import type { Terms } from '../domain/coupons/messages.ts'
import type { Revocation } from '../domain/coupons/revocations.ts'
import { type Coupon, type Issued, newCoupon } from '../domain/coupons/state.ts'

/** What anybody may ask of the SQL projection of the claims log. */
export type CouponReads = {
  /** What one user holds, in coupon id order, strictly after `page.after` (a coupon id). */
  heldBy(userId: string, page: HeldQuery): Promise<HeldCoupon[]>
  /** Who holds one coupon, in slot order, strictly after slot `page.after`. */
  winners(couponId: string, page: WinnersPage): Promise<HeldCoupon[]>
  /** What has one of these codes, as they are stored; in (couponId, slot) order. */
  byCode(codes: readonly string[]): Promise<HeldCoupon[]>
  /** Rows in (couponId, slot) order. */
  issuedRows(query: RowsQuery): Promise<IssuedRow[]>
  /** The same of a page as columns, by coupon: for who compares all of them. */
  issuedColumns(query: Omit<RowsQuery, 'won'>): Promise<IssuedColumns[]>
  /** Revokes that records in [from, to) of this partition have done, in their order. */
  revocations(range: LogRange): Promise<StoredRevocation[]>
  /** Who of these has won, and how far the rows are, as of one moment. */
  issuedTo(asked: readonly Asked[]): Promise<IssuedTo>
  /** How many a revoke would take that nobody has spent: of this user, or of all. */
  unspent(of: { couponId: string; userId?: string | undefined }): Promise<number>
  /** Positions and coupons (without their winners) as of one moment. */
  snapshot(): Promise<ProjectionSnapshot>
  /** By partition; a partition that is missing has never been written. */
  positions(): Promise<Map<number, StoredPosition>>
}
/** The projection, which only the issuer writes. */
export type CouponStore = CouponReads & {
  /**
   * The folded state of those of these coupons that have rows, winners included; of a rehearsal
   * that has ended, that it was there.
   */
  load(couponIds: readonly string[]): Promise<Map<string, Coupon>>
  /** One transaction: rows and position. 'fenced': the position is not `expected`; no effect. */
  apply(batch: IssueBatch): Promise<'applied' | 'fenced'>
  /**
   * Remembers that the events of all records below `next` have been published. No effect where the
   * position is lower: the rows were put back or dropped meanwhile. With `endsRehearsals` the rows
   * of those go that are closed and wholly published, in the same transaction.
   */
  markPublished(partition: number, next: number, how?: { endsRehearsals?: boolean }): Promise<void>
}
/**
 * `next`: the first offset not yet applied; `published`: not yet published. `notified`: below it
 * all was published before the rows were dropped to be derived anew; absent: they never were.
 */
export type StoredPosition = { next: number; published: number; notified?: number }
export type IssueBatch = {
  partition: number
  expected: number
  next: number
  /** Of the record before `next`; null: not known. */
  fingerprint: string | null
  /** Coupons whose state, winners apart, changed in this batch, as they are after it. */
  coupons: readonly Coupon[]
  /** In (couponId, slot) order. */
  issued: readonly IssuedRow[]
  /** In the order of the log; absent: none. */
  revocations?: readonly RevocationRow[]
}
export type IssuedRow = Issued & {
  couponId: string
  userId: string
  partition: number
  code: string
}
/**
 * Rows of one coupon that name one partition. Of each column the values, one a line, in slot order;
 * a slot between the first and the last may be missing where `rows` says so.
 */
export type IssuedColumns = {
  couponId: string
  partition: number
  firstSlot: number
  lastSlot: number
  rows: number
  userIds: string
  claimIds: string
  codes: string
  offsets: string
  /** Ms UTC. */
  times: string
}
export type RevocationRow = Revocation & { couponId: string; partition: number }
/**
 * `unspent`: how many of those that it took nobody had spent when it was applied; what a redemption
 * had merely reserved is not spent.
 */
export type StoredRevocation = RevocationRow & { unspent: number }
export type LogRange = { partition: number; from: number; to: number }
export type Page = { limit: number; after?: string }
/** Nobody is named twice. */
export type Asked = { couponId: string; userId: string }
/** `next`: by partition, the first offset not yet applied; see StoredPosition. */
export type IssuedTo = {
  issued: readonly (Asked & { issued: Issued })[]
  next: ReadonlyMap<number, number>
}
/** `couponId`: only this one. */
export type HeldQuery = Page & { couponId?: string }
export type WinnersPage = { limit: number; after?: number }
/**
 * `orderId`: of the order that uses it; absent: none does. `reservedUntil`: that is a redemption,
 * which has merely reserved it, ms UTC; absent: it is spent. `revoked`: and perhaps used before.
 */
export type HeldCoupon = IssuedRow & {
  /** As it was edited last. */
  name: string
  terms: Omit<Terms, 'audience'>
  orderId?: string
  reservedUntil?: number
  revoked?: true
}
export type RowsQuery = {
  limit: number
  couponId?: string
  after?: { couponId: string; slot: number }
  /** Only rows that records in [from, to) of this partition have won. */
  won?: LogRange
}
/**
 * `generations`: by partition, what is another one once its rows were dropped, or lost, and are
 * derived anew; absent: nobody can say.
 */
export type ProjectionSnapshot = {
  positions: Map<number, StoredPosition>
  coupons: Coupon[]
  generations?: ReadonlyMap<number, string>
}

/**
 * Whether the rows of a rehearsal's coupon are to go, or are gone: once it is closed and everything
 * that came of it was published. Nothing changes it after that.
 */
export function hasEnded(coupon: Coupon, { published }: Pick<StoredPosition, 'published'>) {
  if (!isEnding(coupon) || (coupon.lastAct ?? Number.POSITIVE_INFINITY) >= published) return false
  return coupon.winners.values().every(({ offset }) => offset < published)
}

/** Its rows go as soon as everything is published. */
export function isEnding({ terms, status }: Coupon): boolean {
  return terms.rehearsal === true && status === 'closed'
}

/** What is known of a rehearsal that has ended: all that may ever be asked of it. */
export function endedRehearsal(
  kept: Pick<Coupon, 'couponId' | 'partition' | 'rules' | 'terms'> & { lastAct: number },
): Coupon {
  const { lastAct: offset, ...created } = kept
  return { ...newCoupon({ type: 'created', at: 0, offset, ...created }), status: 'closed' }
}

/** Without where it belongs. */
export function revocationIn(row: RevocationRow | StoredRevocation): Revocation {
  const { commandId, by, reason, userId, offset, appendedAt, taken } = row
  return { commandId, by, reason, userId, offset, appendedAt, taken }
}

type SlotKey = { couponId: string; slot: number }

export function bySlot(a: SlotKey, b: SlotKey): number {
  return a.couponId === b.couponId ? a.slot - b.slot : byCouponId(a, b)
}

export function byCouponId(a: { couponId: string }, b: { couponId: string }): number {
  return a.couponId < b.couponId ? -1 : 1
}
