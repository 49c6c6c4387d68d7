// Who has won a coupon, for those who help people and for spreadsheets: from the SQL projection,
// which may be a moment behind.

import { Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import { readCode } from '../../domain/coupons/code-text.ts'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import { issuedStatuses } from '../../domain/coupons/validity.ts'
import { formatInstant } from '../../domain/time.ts'
import { userIdOf } from '../../domain/user-id.ts'
import { within } from '../../ports/clock.ts'
import type { CouponReads, HeldCoupon } from '../../ports/coupons.ts'
import { databaseUnavailable } from '../claims/claim-answers.ts'
import { csvLine, utf8Mark } from '../http/csv.ts'
import { type Answer, lastOfFull, ok, type Route, readStore, route } from '../http/route.ts'
import { CouponPath, closed, Instant, oneOf, pageItemsDefault } from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { usesOf } from '../redemptions/holders.ts'
import { heldState } from './held-coupons.ts'

/** In one answer. */
const winnersMax = 1_000
/** Of a file: read, written and forgotten before the next ones. */
const fileRowsAtOnce = 1_000

/** A code has 16 characters; people type spaces between. */
const typedCodeCharactersMax = 64

const slotOf = (says: string) =>
  Type.Integer({ minimum: 1, maximum: quantityMax, description: says })
const WinnersQuery = closed({
  limit: Type.Integer({ minimum: 1, maximum: winnersMax, default: pageItemsDefault }),
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: quantityMax })),
  slot: Type.Optional(slotOf('Only who has this one.')),
  userId: Type.Optional(Type.String({ format: 'user-id', description: 'Only this user.' })),
  code: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: typedCodeCharactersMax,
      description: 'Only who has this code; in any case, with or without hyphens and spaces.',
    }),
  ),
})
const WinnersPage = Type.Object(
  {
    winners: Type.Array(
      Type.Object(
        {
          slot: Type.Integer(),
          userId: Type.String(),
          code: Type.String(),
          issuedAt: Instant,
          validUntil: Type.Optional(Instant),
          status: oneOf(issuedStatuses),
          orderId: Type.Optional(Type.String()),
        },
        { title: 'Winner' },
      ),
    ),
    next: Type.Optional(Type.Integer({ description: 'The `after` of the next page: a slot.' })),
  },
  { title: 'WinnersPage' },
)

export function winnerRoutes(parts: RouteParts): Route[] {
  return [listRoute(parts), fileRoute(parts)]
}

function listRoute(parts: RouteParts): Route {
  return route({
    call: 'GET /coupons/:couponId/winners',
    caller: 'viewer',
    problems: ['unknown-coupon'],
    readsStore: true,
    operationId: 'listWinners',
    summary: 'Who has won the coupon, in the order of the slots; also one of them alone',
    params: CouponPath,
    query: WinnersQuery,
    answers: { 200: WinnersPage },
    answer: ({ params: { couponId }, query }) =>
      ofCoupon(parts, couponId, async (reads, now) => {
        const found = await winnersOf(reads, couponId, query)
        const uses = await usesOf(parts.orders.reader(), found)
        const winners = found.map((one) => winnerJson(one, uses, now))
        return ok({ winners, next: lastOfFull(winners, query.limit)?.slot })
      }),
  })
}

function fileRoute(parts: RouteParts): Route {
  const { clock, limits } = parts
  return route({
    call: 'GET /coupons/:couponId/winners.csv',
    caller: 'viewer',
    problems: ['unknown-coupon'],
    operationId: 'downloadWinners',
    summary: 'All winners of the coupon, as a file for spreadsheets',
    params: CouponPath,
    answers: { 200: { type: 'string' } },
    contentType: 'text/csv; charset=utf-8',
    answer: ({ params: { couponId } }) =>
      ofCoupon(parts, couponId, (reads, now) => {
        const ms = limits.storeWaitMsMax
        const first = reads.winners(couponId, { limit: fileRowsAtOnce }).then((page): Answer => {
          const pieces = filePieces({ reads, couponId, now, orders: parts.orders }, page)
          const body = Readable.from(pieces, { objectMode: false })
          const headers = {
            'content-disposition': `attachment; filename="${couponId}-winners.csv"`,
          }
          return { status: 200, body, headers }
        })
        return within({ clock, ms, late: () => databaseUnavailable }, first)
      }),
  })
}

/** `now`: by the log's clock, ms UTC. */
async function ofCoupon(
  { claims, store }: RouteParts,
  couponId: string,
  read: (reads: CouponReads, now: number) => Promise<Answer>,
): Promise<Answer> {
  const found = await claims.find(couponId)
  if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
  if (found.kind === 'unavailable') return found
  return readStore(store(), (reads) => read(reads, claims.logTime()))
}

/** Whoever fits all that is asked for. By one of three there is at most one. */
async function winnersOf(
  reads: CouponReads,
  couponId: string,
  { slot, userId, code, after = 0, limit }: Static<typeof WinnersQuery>,
): Promise<HeldCoupon[]> {
  const user = userId === undefined ? undefined : (userIdOf(userId) ?? '')
  const codes = code === undefined ? undefined : readCode(code)
  let found: HeldCoupon[]
  if (user !== undefined) found = await reads.heldBy(user, { limit: 1, couponId })
  else if (codes !== undefined) found = await reads.byCode(codes)
  else if (slot !== undefined) found = await reads.winners(couponId, { limit: 1, after: slot - 1 })
  else return reads.winners(couponId, { limit, after })
  const fits = (one: HeldCoupon) =>
    one.couponId === couponId &&
    one.slot > after &&
    (slot === undefined || one.slot === slot) &&
    (codes === undefined || codes.includes(one.code))
  return found.filter(fits).slice(0, limit)
}

function winnerJson(winner: HeldCoupon, uses: Uses, now: number) {
  const { slot, userId, code, appendedAt, orderId = '' } = winner
  const state = heldState(winner, uses.get(orderId), now)
  return { slot, userId, code, issuedAt: formatInstant(appendedAt), ...state }
}

type Uses = Awaited<ReturnType<typeof usesOf>>
type File = { reads: CouponReads; couponId: string; now: number; orders: RouteParts['orders'] }

async function* filePieces(
  { reads, couponId, now, orders }: File,
  first: readonly HeldCoupon[],
): AsyncGenerator<string> {
  yield utf8Mark + csvLine(fileColumns)
  let page = first
  for (;;) {
    const uses = await usesOf(orders.reader(), page)
    yield page.map((one) => csvLine(cellsOf(winnerJson(one, uses, now)))).join('')
    const last = lastOfFull(page, fileRowsAtOnce)
    if (last === undefined) return
    page = await reads.winners(couponId, { limit: fileRowsAtOnce, after: last.slot })
  }
}

const fileColumns = [
  'slot',
  'userId',
  'code',
  'issuedAt',
  'status',
  'validUntil',
  'orderId',
] as const

function cellsOf(winner: ReturnType<typeof winnerJson>): (string | number | undefined)[] {
  return fileColumns.map((column) => winner[column])
}
