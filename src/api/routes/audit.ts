// The SQL projection as it stands, for the auditor of a running service. Operators only; not rate
// limited, since an audit reads every row there is.

import type { RowsQuery } from '../../ports/coupons.ts'
import { issuedRowsJson, projectionJson } from '../http/audit-json.ts'
import { ok, type Route, readStore, route } from '../http/route.ts'
import { IssuedQuery, IssuedRows, Projection } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'

/** Answers as text: pages are large, and the engine's own JSON is as fast as the schemas'. */
export function auditRoutes({ store }: RouteParts): Route[] {
  return [
    route({
      call: 'GET /projection',
      caller: 'auditor',
      readsStore: true,
      tag: 'operators',
      operationId: 'getProjection',
      summary: 'How far SQL has read the log, and its coupons, as of one moment',
      answers: { 200: Projection },
      answer: () =>
        readStore(store(), async (reads) =>
          ok(JSON.stringify(projectionJson(await reads.snapshot()))),
        ),
    }),
    route({
      call: 'GET /issued-coupons',
      caller: 'auditor',
      readsStore: true,
      tag: 'operators',
      operationId: 'listIssuedCoupons',
      summary: 'The issued rows, in the order of coupon and slot',
      query: IssuedQuery,
      answers: { 200: IssuedRows },
      answer: (request) =>
        readStore(store(), async (reads) => {
          const { limit, couponId, afterCouponId, afterSlot } = request.query
          const query: RowsQuery = { limit }
          if (couponId !== undefined) query.couponId = couponId
          if (afterCouponId !== undefined && afterSlot !== undefined) {
            query.after = { couponId: afterCouponId, slot: afterSlot }
          }
          return ok(JSON.stringify(issuedRowsJson(await reads.issuedRows(query), limit)))
        }),
    }),
  ]
}
