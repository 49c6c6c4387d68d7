// The events that are published once a coupon's row is committed: CloudEvents 1.0 in binary mode
// (attributes in headers, data in the value, without `type` and `v`). The id is derived, so a
// repeated event is the same event and its reader can drop it.

import {
  always,
  count,
  identifier,
  instant,
  like,
  optional,
  partsOf,
  readInto,
  text,
  type Values,
} from '../field.ts'
import { eventHeaders, jsonOf, record } from '../record.ts'
import { formatInstant } from '../time.ts'
import { userIdField } from '../user-id.ts'
import { couponEventsTopic, couponIdField, reasonCharactersMax } from './messages.ts'
import { quantityMax } from './quantity.ts'
import type { Revocation } from './revocations.ts'

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

const revokedFields = {
  couponId: couponIdField('The coupon.'),
  commandId: identifier('The command of the operator.'),
  userId: optional(userIdField('Whose coupon was revoked.')),
  all: optional(always('All were revoked that had been won.')),
  slot: count(quantityMax, 'That of the user; of all the last one, and all before it.'),
  reason: text(reasonCharactersMax, 'Why.'),
  revokedAt: instant('When it was commanded, by the clock of the log.'),
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
    'coupon.revoked': record({
      writer: 'issuer',
      says:
        'What was won cannot be spent any more, unless it was used before; the row that says so ' +
        'is committed. A revoke of what was revoked already is not published.',
      fields: revokedFields,
    }),
  },
}

/** `appendedAt`: of the claim, ms UTC. */
export type IssuedEvent = Omit<Values<typeof fields>, 'issuedAt'> & { appendedAt: number }
export type EventEntry = { key: string; value: Buffer; headers: Record<string, string> }

export function encodeIssuedEvent(event: IssuedEvent): EventEntry {
  const { couponId, slot } = event
  const issuedAt = formatInstant(event.appendedAt)
  return {
    key: couponId,
    value: Buffer.from(issuedEventText({ ...event, issuedAt })),
    headers: eventHeaders({
      type: 'coupon.issued',
      writer: 'issuer',
      id: `coupon.issued/${couponId}/${slot}`,
      time: issuedAt,
    }),
  }
}

/** The value of its record. */
export function issuedEventText({
  couponId,
  userId,
  slot,
  claimId,
  code,
  issuedAt,
}: Omit<IssuedEvent, 'appendedAt'> & { issuedAt: string }): string {
  return JSON.stringify({ couponId, userId, slot, claimId, code, issuedAt })
}

/** `taken`: there is something to publish. */
export type RevokedEvent = Omit<Revocation, 'by' | 'offset' | 'taken'> & {
  couponId: string
  taken: { to: number }
}

export function encodeRevokedEvent(event: RevokedEvent): EventEntry {
  const { couponId, commandId, userId, taken, reason } = event
  const revokedAt = formatInstant(event.appendedAt)
  const whose = userId === null ? { all: true } : { userId }
  const value = { couponId, commandId, ...whose, slot: taken.to, reason, revokedAt }
  return {
    key: couponId,
    value: Buffer.from(JSON.stringify(value)),
    headers: eventHeaders({
      type: 'coupon.revoked',
      writer: 'issuer',
      id: `coupon.revoked/${couponId}/${commandId}`,
      time: revokedAt,
    }),
  }
}

const parts = partsOf(fields)

const revokedParts = partsOf(revokedFields)

/** Null: it is no event of a revoke. */
export function readRevokedEvent({ key, value }: { key: string; value: Buffer }) {
  const wire = jsonOf(value) ?? null
  const event = wire && (readInto({}, revokedParts, wire) as Values<typeof revokedFields> | null)
  return event === null || event.couponId !== key ? null : event
}

/** Null: it is no event of a winner. */
export function readIssuedEvent({ key, value }: { key: string; value: Buffer }) {
  const wire = jsonOf(value) ?? null
  const event = wire && (readInto({}, parts, wire) as Values<typeof fields> | null)
  if (event === null || event.couponId !== key) return null
  const { issuedAt, ...rest } = event
  return { ...rest, appendedAt: issuedAt } satisfies IssuedEvent
}
