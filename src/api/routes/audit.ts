// The rows as they stand, for the auditor of a running service: the coupons as of one moment, all
// else page by page, each page as of its own. For operators and viewers; not rate limited, since an
// audit reads every row there is.

import type { Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import type { Terms } from '../../domain/coupons/messages.ts'
import type { Coupon } from '../../domain/coupons/state.ts'
import { formatInstant } from '../../domain/time.ts'
import type {
  IssuedColumns,
  IssuedRow,
  ProjectionSnapshot,
  RowsQuery,
} from '../../ports/coupons.ts'
import { auditedTables } from '../../ports/orders-audit.ts'
import { longAnswer, longLines } from '../http/long-answers.ts'
import {
  IssuedPage,
  IssuedQuery,
  Projection,
  type StoredCoupon,
  type StoredTerms,
} from '../http/projection-schemas.ts'
import { lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { closed, oneOf } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

/** Of rows with 50 lines each a page has fewer: see createOrdersAuditReaderSql. */
const pageRowsMax = 5_000
const keyCharactersMax = 400

const audited = { caller: 'auditor', readsStore: true } as const

/** Answers piece by piece, with the engine's own JSON, which is as fast as the schemas'. */
export function auditRoutes({ store, ordersAudit }: RouteParts): Route[] {
  return [
    route({
      call: 'GET /projection',
      ...audited,
      operationId: 'getProjection',
      summary: 'How far SQL has read the log, and its coupons, as of one moment',
      answers: { 200: Projection },
      answer: () =>
        readStore(store(), async (reads) => ok(projectionAnswer(await reads.snapshot()))),
    }),
    route({
      call: 'GET /issued-coupons',
      ...audited,
      operationId: 'listIssuedCoupons',
      summary: 'The issued rows, in the order of coupon and slot',
      query: IssuedQuery,
      answers: { 200: IssuedPage },
      answer: (request) =>
        readStore(store(), async (reads) => {
          const { limit, couponId, afterCouponId, afterSlot, as } = request.query
          const query: RowsQuery = { limit }
          if (couponId !== undefined) query.couponId = couponId
          if (afterCouponId !== undefined && afterSlot !== undefined) {
            query.after = { couponId: afterCouponId, slot: afterSlot }
          }
          if (as === 'columns') return ok(issuedColumnsAnswer(await reads.issuedColumns(query)))
          return ok(issuedRowsAnswer(await reads.issuedRows(query), limit))
        }),
    }),
    route({
      call: 'GET /orders-projection',
      ...audited,
      operationId: 'getOrdersProjection',
      summary: 'How far the consumers of orders have come, and what became of the records',
      answers: { 200: Positions },
      answer: () =>
        readStore(ordersAudit?.() ?? null, async (reader) =>
          ok({
            positions: await reader.positions(),
            payments: (await reader.paymentsBy?.()) ?? undefined,
          }),
        ),
    }),
    route({
      call: 'GET /orders-projection/:table',
      ...audited,
      operationId: 'listOrdersProjection',
      summary: 'The rows of one table of the consumers of orders, in the order of their keys',
      params: TablePath,
      query: RowsPage,
      answers: { 200: Rows },
      answer: ({ params: { table }, query: { limit, after, afterSecond } }) =>
        readStore(ordersAudit?.() ?? null, async (reader) => {
          const { rows, ...rest } = await reader.page({ table, limit, after: [after, afterSecond] })
          return ok(longLines({ name: 'rows', lines: rows, after: rest }))
        }),
    }),
  ]
}

const Positions = Type.Object(
  {
    positions: Type.Array(
      Type.Object(
        {
          consumer: Type.String(),
          topic: Type.String(),
          partition: Type.Integer(),
          next: Type.Integer({ description: 'The first offset not yet applied.' }),
          published: Type.Integer({ description: 'The first offset not yet published.' }),
          taken: Type.Object(
            {
              applied: Type.Integer(),
              dropped: Type.Integer(),
              postponed: Type.Integer(),
              buried: Type.Integer(),
              passedBy: Type.Integer(),
            },
            { title: 'RecordsTaken' },
          ),
        },
        { title: 'ConsumerPosition' },
      ),
    ),
    payments: Type.Optional({
      ...oneOf(['wallets', 'service']),
      description: 'Who takes payments; absent until a consumer of payments has started.',
    }),
  },
  { title: 'OrdersProjection' },
)
const TablePath = Type.Object({ table: oneOf(auditedTables) })
/** No text in PostgreSQL has a NUL. */
const Key = Type.String({ maxLength: keyCharactersMax, pattern: '^[^\\u0000]*$', default: '' })
const RowsPage = closed({
  limit: Type.Integer({ minimum: 1, maximum: pageRowsMax, default: 1_000 }),
  after: Key,
  afterSecond: Key,
})
const Rows = Type.Object(
  {
    rows: Type.Array(
      Type.Object({}, { title: 'AuditedRow', description: 'As the consumer keeps it.' }),
    ),
    about: Type.Array(Type.String(), {
      description: 'What each row is about: the order, or else the first of its key.',
    }),
    next: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'The `after` and `afterSecond` of what follows; absent: nothing does. A page of large ' +
          'rows ends before its `limit`.',
      }),
    ),
  },
  { title: 'AuditedRows' },
)

/** For the auditor, who reads it back (src/client/audit-rows.ts). */
export function projectionAnswer(snapshot: ProjectionSnapshot): Readable {
  const { positions, coupons, generations } = snapshot
  const read = [...positions].map(([partition, position]) => {
    return { partition, ...position, generation: generations?.get(partition) }
  })
  const before = { positions: read }
  return longAnswer({ before, name: 'coupons', items: coupons, toJson: storedCouponJson })
}

/** A full page names the next one. */
export function issuedRowsAnswer(rows: readonly IssuedRow[], limit: number): Readable {
  const last = lastOfFull(rows, limit)
  const next = last && { afterCouponId: last.couponId, afterSlot: last.slot }
  return longAnswer({
    name: 'issued',
    items: rows,
    toJson: (row) => ({ ...row, appendedAt: formatInstant(row.appendedAt) }),
    after: next ? { next } : {},
  })
}

/** A page that is not full is the last one. */
export function issuedColumnsAnswer(columns: readonly IssuedColumns[]): Readable {
  return longAnswer({ name: 'columns', items: columns })
}

function storedCouponJson(coupon: Coupon): Static<typeof StoredCoupon> {
  const { winners: _, terms, opensAt, closesAt, commands, revocations, ...rest } = coupon
  const revoked = [...revocations.commands.values()].map(({ appendedAt, taken, ...one }) => {
    const slots = { from: taken?.from ?? null, to: taken?.to ?? null }
    return { ...one, ...slots, appendedAt: formatInstant(appendedAt) }
  })
  return {
    ...rest,
    opensAt: formatInstant(opensAt),
    closesAt: Number.isFinite(closesAt) ? formatInstant(closesAt) : null,
    terms: termsJson(terms),
    commands: [...commands].map(([commandId, add]) => ({ commandId, add })),
    ...(revoked.length === 0 ? {} : { revocations: revoked }),
  }
}

function termsJson({ opensAt, closesAt, validUntil, ...rest }: Terms): Static<typeof StoredTerms> {
  const timed = (name: string, at?: number) =>
    at === undefined ? {} : { [name]: formatInstant(at) }
  return {
    ...rest,
    ...timed('opensAt', opensAt),
    ...timed('closesAt', closesAt),
    ...timed('validUntil', validUntil),
  }
}
