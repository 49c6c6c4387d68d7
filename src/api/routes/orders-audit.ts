// What the consumers of orders keep, for the auditor of a running service: their positions, and
// their rows page by page, each as of its own moment. Operators only; not rate limited, since an
// audit reads every row there is.

import { type Static, Type } from 'typebox'
import { auditedTables, type OrdersAuditReader } from '../../ports/orders.ts'
import { ok, type Route, readStore, route } from '../http/route.ts'
import type { RouteParts } from '../http/server-parts.ts'

/** A page of rows with 50 lines each is some 20 MB; most are a tenth of that. */
const pageRowsMax = 5_000
const keyCharactersMax = 400

export function ordersAuditRoutes({ ordersAudit }: RouteParts): Route[] {
  return [
    route({
      call: 'GET /orders-projection',
      caller: 'auditor',
      readsStore: true,
      tag: 'operators',
      operationId: 'getOrdersProjection',
      summary: 'How far the consumers of orders have come, and what became of the records',
      answers: { 200: Positions },
      answer: () =>
        readStore(ordersAudit?.() ?? null, async (reader) =>
          ok({ positions: await reader.positions() }),
        ),
    }),
    route({
      call: 'GET /orders-projection/:table',
      caller: 'auditor',
      readsStore: true,
      tag: 'operators',
      operationId: 'listOrdersProjection',
      summary: 'The rows of one table of the consumers of orders, in the order of their keys',
      params: TablePath,
      query: RowsPage,
      answers: { 200: Rows },
      answer: ({ params, query }) =>
        readStore(ordersAudit?.() ?? null, async (reader) => {
          const { limit, after, afterSecond } = query
          const { table } = params
          const rows = await reader.page({ table, limit, after: [after, afterSecond] })
          // As text: pages are large, and the engine's own JSON is as fast as the schema's.
          return ok(JSON.stringify({ rows }))
        }),
    }),
  ]
}

/** How an auditor asks for it: the answers hold what the port of the same name gives. */
export function ordersAuditOver(ask: (path: string) => Promise<unknown>): OrdersAuditReader {
  return {
    async positions() {
      const { positions } = (await ask('/orders-projection')) as Static<typeof Positions>
      return positions as Awaited<ReturnType<OrdersAuditReader['positions']>>
    },
    async page({ table, limit, after: [after, afterSecond] }) {
      const query = new URLSearchParams({ limit: String(limit), after, afterSecond })
      const answer = await ask(`/orders-projection/${table}?${query.toString()}`)
      return (answer as { rows: [] }).rows
    },
  }
}

const Taken = Type.Object({
  applied: Type.Integer(),
  dropped: Type.Integer(),
  postponed: Type.Integer(),
  buried: Type.Integer(),
  passedBy: Type.Integer(),
})
const Positions = Type.Object({
  positions: Type.Array(
    Type.Object({
      consumer: Type.String(),
      topic: Type.String(),
      partition: Type.Integer(),
      next: Type.Integer({ description: 'The first offset not yet applied.' }),
      published: Type.Integer({ description: 'The first offset not yet published.' }),
      taken: Taken,
    }),
  ),
})
const Key = Type.String({ maxLength: keyCharactersMax, default: '' })

const TablePath = Type.Object({ table: Type.Enum([...auditedTables], { type: 'string' }) })
const RowsPage = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: pageRowsMax, default: 1_000 }),
    after: Key,
    afterSecond: Key,
  },
  { additionalProperties: false },
)
const Rows = Type.Object({
  rows: Type.Array(Type.Object({}, { description: 'As the consumer keeps it.' })),
})
