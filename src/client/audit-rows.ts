// The rows of a running service, for its auditor: asks the operators' calls and reads back what
// the service wrote. It is only trusted to come from a service of this version.

import type { Terms } from '../domain/coupons/messages.ts'
import { type Revocation, revocationsOf } from '../domain/coupons/revocations.ts'
import type { Coupon } from '../domain/coupons/state.ts'
import { parseExactInstant } from '../domain/time.ts'
import type {
  CouponStore,
  IssuedColumns,
  IssuedRow,
  RowsQuery,
  StoredPosition,
} from '../ports/coupons.ts'
import type { AuditedPosition, OrdersAuditReader } from '../ports/orders-audit.ts'

/** Resolves to the body of the answer. */
export type Ask = (path: string) => Promise<unknown>

export function projectionOver(
  ask: Ask,
): Pick<CouponStore, 'snapshot' | 'issuedRows' | 'issuedColumns'> {
  return {
    async snapshot() {
      const { positions, coupons } = (await ask('/projection')) as ProjectionJson
      return {
        positions: new Map(positions.map(({ partition, ...position }) => [partition, position])),
        coupons: coupons.map(couponFrom),
      }
    },
    async issuedRows(query) {
      const { issued } = (await ask(`/issued-coupons?${rowsQuery(query)}`)) as IssuedRowsJson
      return issued.map((row) => ({ ...row, appendedAt: instantFrom(row.appendedAt) }))
    },
    async issuedColumns(query) {
      const answer = await ask(`/issued-coupons?as=columns&${rowsQuery(query)}`)
      return (answer as { columns: IssuedColumns[] }).columns
    },
  }
}

export function ordersAuditOver(ask: Ask): OrdersAuditReader {
  return {
    async positions() {
      const { positions } = (await ask('/orders-projection')) as { positions: AuditedPosition[] }
      return positions
    },
    async page({ table, limit, after: [after, afterSecond] }) {
      const query = new URLSearchParams({ limit: String(limit), after, afterSecond })
      return (await ask(`/orders-projection/${table}?${query.toString()}`)) as { rows: [] }
    },
  }
}

type TermsTimes = 'opensAt' | 'closesAt' | 'validUntil'
type TermsJson = Omit<Terms, TermsTimes> & { [Name in TermsTimes]?: string }
type MadeAnew =
  | 'opensAt'
  | 'closesAt'
  | 'terms'
  | 'commands'
  | 'revocations'
  | 'winners'
  | 'lastAct'
type RevocationJson = Omit<Revocation, 'appendedAt' | 'taken'> & {
  appendedAt: string
  from: number | null
  to: number | null
}
type CouponJson = Omit<Coupon, MadeAnew> & {
  opensAt: string
  closesAt: string | null
  terms: TermsJson
  commands: { commandId: string; add: number | string }[]
  /** Absent: of a version that does not say. */
  lastAct?: number | null
  /** In the order of the log. */
  revocations?: RevocationJson[]
}
type ProjectionJson = {
  positions: (StoredPosition & { partition: number })[]
  coupons: CouponJson[]
}
type IssuedRowsJson = { issued: (Omit<IssuedRow, 'appendedAt'> & { appendedAt: string })[] }

function rowsQuery({ limit, couponId, after }: RowsQuery): string {
  const of = couponId === undefined ? {} : { couponId }
  const from = after && { afterCouponId: after.couponId, afterSlot: String(after.slot) }
  return new URLSearchParams({ limit: String(limit), ...of, ...from }).toString()
}

function couponFrom(json: CouponJson): Coupon {
  const { opensAt, closesAt, terms, commands, revocations = [], lastAct = null, ...coupon } = json
  return {
    ...coupon,
    terms: termsFrom(terms),
    opensAt: instantFrom(opensAt),
    closesAt: closesAt === null ? Number.POSITIVE_INFINITY : instantFrom(closesAt),
    commands: new Map(commands.map(({ commandId, add }) => [commandId, add])),
    revocations: revocationsOf(revocations.map(revocationFrom)),
    lastAct,
    winners: new Map(),
  }
}

function revocationFrom({ appendedAt, from, to, ...rest }: RevocationJson): Revocation {
  const taken = from === null || to === null ? null : { from, to }
  return { ...rest, appendedAt: instantFrom(appendedAt), taken }
}

function termsFrom({ opensAt, closesAt, validUntil, ...rest }: TermsJson): Terms {
  const timed = (name: TermsTimes, at?: string) =>
    at === undefined ? {} : { [name]: instantFrom(at) }
  return {
    ...rest,
    ...timed('opensAt', opensAt),
    ...timed('closesAt', closesAt),
    ...timed('validUntil', validUntil),
  }
}

function instantFrom(text: string): number {
  const at = parseExactInstant(text)
  if (at === null) throw new Error(`no time in a stored row: ${text}`)
  return at
}
