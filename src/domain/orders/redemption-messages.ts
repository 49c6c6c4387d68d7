// The records of redemptions: a shop with a checkout of its own spends a coupon. A redemption is an
// order that needs the coupon step alone and ends by the shop's word, so its records stand in the
// orders topic. What the shop asks is a record of the API; what the log made of it, in the order of
// the log, is one of the order process.

import { couponIdField, reasonCharactersMax } from '../coupons/messages.ts'
import { count, type Field, flag, identifier, oneOf, optional, text, whole } from '../field.ts'
import { record } from '../record.ts'
import { userIdField } from '../user-id.ts'

export const referenceCharactersMax = 128
export const redemptionSubtotalMax = Number.MAX_SAFE_INTEGER
/** A day: whoever reserves without spending must let go some time. */
export const reservationMsMax = 86_400_000

/** Why a redemption did not use its coupon, or uses it no more. */
export const redemptionEnds = [
  ...(['released', 'replaced', 'timed_out'] as const),
  ...(['coupon_not_held', 'coupon_already_used', 'coupon_revoked', 'coupon_expired'] as const),
  ...(['redemption_over', 'minimum_not_met', 'mixed_up'] as const),
] as const
export type RedemptionEnd = (typeof redemptionEnds)[number]

const subtotal = whole(redemptionSubtotalMax, "The shop's own, in whole minor units.")
const said = {
  by: identifier('Who says so for the shop.'),
  commandId: identifier('The request.'),
}

/** `coupon`: which, and where the user won it. */
type Shared<Coupon> = { orderId: Field<string>; coupon: Field<Coupon> }

export function redemptionRecords<Coupon>(shared: Shared<Coupon>) {
  return { ...saidByTheShop(shared), ...decidedByTheLog(shared) }
}

function saidByTheShop<Coupon>({ orderId, coupon }: Shared<Coupon>) {
  return {
    'redemption.placed': record({
      writer: 'api',
      says:
        'A shop wants to spend a coupon. The coupon step reserves it, or refuses. The first one ' +
        'of an id counts.',
      fields: {
        orderId,
        userId: userIdField('Whose coupon.'),
        coupon,
        reference: text(referenceCharactersMax, "The shop's own name for what is bought."),
        subtotal,
        use: optional(flag('Whether it is used as soon as it is reserved.')),
        by: identifier('Who asks for the shop.'),
        timeLimitMs: count(
          reservationMsMax,
          "Milliseconds from this record's append time on; then the coupon is let go of.",
        ),
      },
    }),
    'redemption.use': record({
      writer: 'api',
      says:
        'The shop has sold. It counts where it is the first word of the shop, and was appended ' +
        'before the time was over; else nothing follows.',
      fields: { orderId, ...said },
    }),
    'redemption.release': record({
      writer: 'api',
      says: 'The shop has not sold, or takes back what it sold: the coupon is let go of.',
      fields: {
        orderId,
        ...said,
        reason: optional(text(reasonCharactersMax, 'Why, for people.')),
      },
    }),
  }
}

function decidedByTheLog({ orderId }: Pick<Shared<unknown>, 'orderId'>) {
  return {
    'redemption.expired': record({
      writer: 'order-process',
      says:
        'The time of the redemption is over. Without effect where the shop had its word before, ' +
        'or where it was appended before the time was over.',
      fields: { orderId },
    }),
    'redemption.used': record({
      writer: 'order-process',
      says: 'The coupon is spent, and gives this.',
      fields: {
        orderId,
        couponId: couponIdField('The coupon.'),
        subtotal,
        discount: whole(redemptionSubtotalMax, 'What the coupon takes off.'),
        total: whole(redemptionSubtotalMax, 'What is left to pay.'),
      },
      rule: {
        says: '`discount` is at most `subtotal`, and `total` is `subtotal` − `discount`.',
        holds: (sums) => {
          return sums.discount <= sums.subtotal && sums.total === sums.subtotal - sums.discount
        },
      },
    }),
    'redemption.released': record({
      writer: 'order-process',
      says: 'The redemption has ended, for good, and the coupon step lets go of the coupon.',
      fields: {
        orderId,
        reason: oneOf(
          redemptionEnds,
          'What the shop said, also after it was used, or the coupon step; `timed_out`: the shop ' +
            'said nothing in time; `replaced`: another redemption of the same reference took its ' +
            'place; `minimum_not_met`: the subtotal is below the minimum of the coupon.',
        ),
      },
    }),
  }
}
