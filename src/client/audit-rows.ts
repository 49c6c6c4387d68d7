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
import type { AuditedPosition, AuditPage, OrdersAuditReader } from '../ports/orders-audit.ts'
import { jsonObject, listOf } from './answers.ts'
import { ServiceError } from './service-client.ts'

/** Resolves to the text of the answer. */
export type Ask = (path: string) => Promise<string>

export function projectionOver(
  ask: Ask,
): Pick<CouponStore, 'snapshot' | 'issuedRows' | 'issuedColumns'> {
  return {
    async snapshot() {
      const { positions, coupons } = JSON.parse(await ask('/projection')) as ProjectionJson
      return {
        positions: new Map(positions.map(positionFrom)),
        coupons: coupons.map(couponFrom),
        generations: new Map(positions.flatMap(generationFrom)),
      }
    },
    async issuedRows(query) {
      const answer = await ask(`/issued-coupons?${rowsQuery(query)}`)
      const { issued } = JSON.parse(answer) as IssuedRowsJson
      return issued.map((row) => ({ ...row, appendedAt: instantFrom(row.appendedAt) }))
    },
    async issuedColumns(query) {
      const answer = await ask(`/issued-coupons?as=columns&${rowsQuery(query)}`)
      return (JSON.parse(answer) as { columns: IssuedColumns[] }).columns
    },
  }
}

export function ordersAuditOver(ask: Ask): OrdersAuditReader {
  return {
    async positions() {
      const answer = JSON.parse(await ask('/orders-projection')) as { positions: AuditedPosition[] }
      return answer.positions
    },
    async page({ table, limit, after: [after, afterSecond] }) {
      const query = new URLSearchParams({ limit: String(limit), after, afterSecond })
      return pageIn(await ask(`/orders-projection/${table}?${query.toString()}`))
    },
  }
}

/** The rows stand in lines of their own, which are read one by one, later. */
function pageIn(answer: string): AuditPage {
  const [from, to] = [answer.indexOf('\n') + 1, answer.lastIndexOf('\n')]
  const rest = jsonObject(`{"rows":[${answer.slice(to + 1)}`)
  const about = listOf(rest?.about, (one) => (typeof one === 'string' ? one : null))
  if (from === 0 || from > to + 1 || about === null) {
    const form = 'gives its rows in another form than this version'
    throw new ServiceError('not_firstcome', `the service ${form}: audit with its own version`)
  }
  const next = listOf(rest?.next ?? [], (one) => (typeof one === 'string' ? one : null))
  const [first, second = ''] = next ?? []
  const page = { rows: answer.slice(from, to), about }
  return first === undefined ? page : { ...page, next: [first, second] }
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
type PositionJson = StoredPosition & { partition: number; generation?: string }
type ProjectionJson = {
  positions: PositionJson[]
  coupons: CouponJson[]
}
type IssuedRowsJson = { issued: (Omit<IssuedRow, 'appendedAt'> & { appendedAt: string })[] }

function rowsQuery({ limit, couponId, after }: RowsQuery): string {
  const of = couponId === undefined ? {} : { couponId }
  const from = after && { afterCouponId: after.couponId, afterSlot: String(after.slot) }
  return new URLSearchParams({ limit: String(limit), ...of, ...from }).toString()
}

function positionFrom(json: PositionJson): [number, StoredPosition] {
  const { partition, generation: _, ...position } = json
  return [partition, position]
}

function generationFrom({ partition, generation }: PositionJson): [number, string][] {
  return generation === undefined ? [] : [[partition, generation]]
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
