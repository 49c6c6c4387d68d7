// What an audit says of coupons and their claims; see ../sentences.ts.

export const couponSubjects = [
  'partition {n}',
  'slot {n} of {x}',
  'revoke {x} of {y}',
  'record {n} of partition {m}',
] as const

export const couponPieces = [
  '1 record is lost',
  '{n} records are lost',
  '1 record is missing',
  '{n} records are missing',
  '{x} {y}, the log gives {z}',
  'the terms {x}, the log {y}',
  'other commands than the log',
  'nothing of the revoke of {p} by record {n}',
  'of the revoke of {p} by record {n} {y}, the log gives {z}',
  'a revoke of {p} by record {n}, which the log never made',
  'claim {x}, record {n} of partition {m} of the events',
  'all',
  'closed',
  'paused',
  'not closed nor paused',
  'quantity {n}',
  '{n} winners',
  '{n} revoked',
  'its last act at {x}',
  'at {n}',
  'at none',
  'none',
] as const

/** Why nothing was compared. */
export const reasonsForNothing = [
  'the rows are being derived anew: ask again once that has ended',
  'the rows are not trusted, and will be derived anew',
  'the log has no record, and there is no row',
  'the rows have read nothing of this log: see whether they are those that were meant',
] as const

export const couponSentences = [
  // Of the log.
  'rows were written up to offset {n}, but the log ends at {m}: {s}',
  'the log starts at offset {n}: its first records are lost',
  'the log goes on at offset {n} after {m}: {s}',
  // Of events.
  'the event names {x} ({s}), which is not what the log gives',
  'the event has a code that is not the one derived for it',
  'the event is missing; {x} won it',
  'the event (record {n} of partition {m}) is not what the log gives',
  'the event is missing',
  // Of rows.
  '{n} row, but its quantity is {m}',
  '{n} rows, but its quantity is {m}',
  'the row is missing; {x} won it by record {n} of partition {m}',
  'the code is not the one derived for it',
  'the row names {x} (claim {y}), but {z} won it (claim {w}, record {n})',
  'the row names record {n} of partition {m}, but it was won by record {k} of partition {j}',
  'the row has the time {x}, its record {y}',
  '{x} has more than one row',
  'there is a row for {x} by record {n} of partition {m}, which did not win it',
  'there is a row, but its rehearsal has ended',
  'the row was won by record {n} of partition {m}, but the rows have read only up to offset {k}',
  'there is a row, but the log never made it',
  'the row of the coupon is missing',
  'the row has {s}',
  // Of what was decided.
  'ended {x}, but {y} had not been created',
  '{x} won slot {n} of {y}, but had slot {m}',
  '{x} won slot {n} of {y}, but {z} was {s}, with {m} of {k} issued',
  '{x} won slot {n} of {y}, but the next slot was {m}',
  '{x} won slot {n} of {y} before it had opened',
  '{x} won slot {n} of {y}, which is for others',
  "{x} won slot {n} of {y} with another record's claim id, place or time",
  '{x} was told slot {n}, but has {p}',
  '{x} was told {y}, but has slot {n}',
  '{x} was told {y}, but {z} had opened',
  '{x} was told {y}, but {z} was {s}, with {n} of {m} issued',
  'the fold has {s}, the log {p}',
  ...reasonsForNothing,
] as const
