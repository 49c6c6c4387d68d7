// The shapes of what the auditor reads of coupons: the rows, and how far they have read the log.

import { Type } from 'typebox'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import { CouponId, Instant, issuedRowsMax, nullable, oneOf } from './schemas.ts'

const issuedRowsDefault = 1_000
export const IssuedQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: issuedRowsMax, default: issuedRowsDefault }),
    couponId: Type.Optional(CouponId),
    afterCouponId: Type.Optional(CouponId),
    afterSlot: Type.Optional(Type.Integer({ minimum: 0, maximum: quantityMax })),
    as: Type.Optional({ ...oneOf(['rows', 'columns']), description: 'Absent: as rows.' }),
  },
  {
    additionalProperties: false,
    dependentRequired: { afterCouponId: ['afterSlot'], afterSlot: ['afterCouponId'] },
  },
)

export const StoredTerms = Type.Object(
  {
    name: Type.String(),
    quantity: Type.Integer(),
    opensAt: Type.Optional(Instant),
    closesAt: Type.Optional(Instant),
    discount: Type.Optional(
      Type.Object(
        {
          kind: oneOf(['amount', 'percent']),
          value: Type.Integer(),
          max: Type.Optional(Type.Integer()),
        },
        { title: 'StoredDiscount' },
      ),
    ),
    minimum: Type.Optional(Type.Integer()),
    validUntil: Type.Optional(Instant),
    validDays: Type.Optional(Type.Integer()),
    audience: Type.Optional(
      Type.Object(
        {
          attribute: Type.String(),
          values: Type.Unsafe<readonly string[]>(Type.Array(Type.String())),
        },
        { title: 'StoredAudience' },
      ),
    ),
    rehearsal: Type.Optional(Type.Literal(true)),
  },
  { title: 'StoredTerms' },
)
/** The stored state of a coupon, its winners left out. */
export const StoredCoupon = Type.Object(
  {
    couponId: CouponId,
    partition: Type.Integer(),
    rules: Type.Integer(),
    name: Type.String(),
    status: oneOf(['scheduled', 'open', 'closed']),
    paused: Type.Boolean(),
    quantity: Type.Integer(),
    opensAt: Instant,
    closesAt: nullable<string>({ type: ['string', 'null'], format: 'date-time' }),
    terms: StoredTerms,
    commands: Type.Array(
      Type.Object(
        {
          commandId: Type.String(),
          add: Type.Unsafe<number | string>({
            type: ['integer', 'string'],
            description: 'What a restock added, or what an edit said.',
          }),
        },
        { title: 'StoredCommand' },
      ),
    ),
    lastAct: {
      ...nullable<number>({ type: ['integer', 'null'] }),
      description: 'The offset of the last act that was done; null: an earlier version wrote it.',
    },
    revocations: Type.Optional(
      Type.Array(
        Type.Object(
          {
            commandId: Type.String(),
            by: Type.String(),
            reason: Type.String(),
            userId: nullable<string>({ type: ['string', 'null'] }),
            offset: Type.Integer(),
            appendedAt: Instant,
            from: nullable<number>({ type: ['integer', 'null'] }),
            to: nullable<number>({ type: ['integer', 'null'] }),
          },
          {
            title: 'StoredRevocation',
            description: 'Of one user, or (null) of all; which slots it took, none where null.',
          },
        ),
      ),
    ),
  },
  { title: 'StoredCoupon' },
)
export const Projection = Type.Object(
  {
    positions: Type.Array(
      Type.Object(
        {
          partition: Type.Integer(),
          next: Type.Integer({ description: 'The first offset not yet applied.' }),
          published: Type.Integer({ description: 'The first offset not yet published.' }),
          generation: Type.Optional(
            Type.String({ description: 'Another one once the rows are derived anew.' }),
          ),
        },
        { title: 'Position' },
      ),
    ),
    coupons: Type.Array(StoredCoupon),
  },
  { title: 'Projection' },
)
const IssuedRows = Type.Object(
  {
    issued: Type.Array(
      Type.Object(
        {
          couponId: CouponId,
          slot: Type.Integer(),
          userId: Type.String(),
          claimId: Type.String(),
          code: Type.String(),
          partition: Type.Integer(),
          offset: Type.Integer(),
          appendedAt: Instant,
        },
        { title: 'IssuedRow' },
      ),
    ),
    next: Type.Optional(
      Type.Object(
        { afterCouponId: CouponId, afterSlot: Type.Integer() },
        { title: 'IssuedRowsAfter', description: 'The query of the next page.' },
      ),
    ),
  },
  { title: 'IssuedRows' },
)
const lines = (description: string) => Type.String({ description: `${description}, one a line.` })
const IssuedColumns = Type.Object(
  {
    columns: Type.Array(
      Type.Object(
        {
          couponId: CouponId,
          partition: Type.Integer(),
          firstSlot: Type.Integer(),
          lastSlot: Type.Integer(),
          rows: Type.Integer({ description: 'How many rows these are, in slot order.' }),
          userIds: lines('Who won'),
          claimIds: lines('The claims'),
          codes: lines('The codes'),
          offsets: lines('The offsets of the claims'),
          times: lines('When they were appended, milliseconds since 1970'),
        },
        { title: 'IssuedColumnsOfCoupon' },
      ),
    ),
  },
  { title: 'IssuedColumns' },
)
export const IssuedPage = Type.Union([IssuedRows, IssuedColumns], {
  title: 'IssuedPage',
  description: 'As it was asked for: as rows, or as columns.',
})
