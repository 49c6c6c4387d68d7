// The events that are published once a coupon's row is committed: CloudEvents 1.0 in binary mode
// (attributes in headers, data in the value, without `type` and `v`). The id is derived, so a
// repeated event is the same event and its reader can drop it.

import { count, instant, like, partsOf, readInto, text, type Values } from '../field.ts'
import { eventHeaders, jsonOf, record } from '../record.ts'
import { formatInstant } from '../time.ts'
import { userIdField } from '../user-id.ts'
import { couponEventsTopic, couponIdField, quantityMax } from './messages.ts'

const fields = {
  couponId: couponIdField('The coupon.'),
  userId: userIdField('Who won.'),
  slot: count(quantityMax, "The winner's rank: 1 is the first."),
  claimId: text(300, 'The claim that won.'),
  code: like(
    '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]$|' +
      '^[0-9A-HJKMNP-TV-Z]{12}[0-9A-HJKMNP-TV-Z*~$=U]$',
    'What the winner shows: 12 symbols of Crockford base 32 and a check symbol, in groups; ' +
      'without groups of a coupon of rules 1, whose check symbol may be one of five more. ' +
      'Whoever has it can show it too: do not log it.',
  ),
  issuedAt: instant('When the claim was appended, by the clock of the log.'),
}

export const couponEvents = {
  topic: couponEventsTopic,
  key: 'couponId',
  records: {
    'coupon.issued': record({
      writer: 'issuer',
      says: 'A user has won a coupon, and the row that says so is committed.',
      fields,
      idField: 'slot',
    }),
  },
}

/** `appendedAt`: of the claim, ms UTC. */
export type IssuedEvent = Omit<Values<typeof fields>, 'issuedAt'> & { appendedAt: number }
export type EventEntry = { key: string; value: Buffer; headers: Record<string, string> }

export function encodeIssuedEvent(event: IssuedEvent): EventEntry {
  const { couponId, userId, slot, claimId, code } = event
  const issuedAt = formatInstant(event.appendedAt)
  return {
    key: couponId,
    value: Buffer.from(JSON.stringify({ couponId, userId, slot, claimId, code, issuedAt })),
    headers: eventHeaders({
      type: 'coupon.issued',
      writer: 'issuer',
      id: `coupon.issued/${couponId}/${slot}`,
      time: issuedAt,
    }),
  }
}

const parts = partsOf(fields)

/** Null: it is no event of a winner. */
export function readIssuedEvent({ key, value }: { key: string; value: Buffer }) {
  const wire = jsonOf(value) ?? null
  const event = wire && (readInto({}, parts, wire) as Values<typeof fields> | null)
  if (event === null || event.couponId !== key) return null
  const { issuedAt, ...rest } = event
  return { ...rest, appendedAt: issuedAt } satisfies IssuedEvent
}
