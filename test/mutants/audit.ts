// Mutants of what an audit compares: the promises of the claims log, the rows of coupons, and the
// logs and rows of orders.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const coupons = 'src/audit/coupons'
const promises: MutantsOf = {
  file: `${coupons}/promises.ts`,
  test: `${coupons}/promises.test.ts`,
  mutants: [
    ['ledger.slots.size >= ledger.quantity) broken', 'ledger === null) broken', 'one more winner'],
    ['if (slot !== next)', 'if (slot > next)', 'a slot given twice'],
    ['if (!ledger.opened) broken', 'if (ledger === null) broken', 'a winner before the opening'],
    ['ledger.paused || ledger.closed', 'ledger.closed', 'a winner during a pause'],
    ['ledger.paused || ledger.closed', 'ledger.paused', 'a winner after the close'],
    [
      "kind === 'sold_out' && ledger.slots.size >= ledger.quantity",
      "kind === 'sold_out'",
      'sold out while coupons are left',
    ],
    [
      'appendedAt >= ledger.closesAt',
      'appendedAt > ledger.closesAt',
      'from its creation to its end',
    ],
    [
      'ledger?.slots.size !== winners.size',
      'ledger === null',
      'that has other winners than the log',
    ],
    ['+ message.add > quantityMax', '+ message.add >= quantityMax', 'a restock to the limit'],
  ],
}
const rows: MutantsOf = {
  file: `${coupons}/compare-rows.ts`,
  test: `${coupons}/compare-rows.test.ts`,
  mutants: [
    ['if (rows > quantity) {', 'if (rows > quantity + 1) {', 'in the rows, a row added'],
    ['row.appendedAt !== won.appendedAt', 'row.appendedAt < 0', 'a time changed'],
    ['if (row.code !== parts.codes', "if (row.code === '' && parts.codes", 'a code changed'],
    [' || row.partition !== won.partition', '', 'a partition changed'],
    [' && row.claimId === issued.claimId', '', 'a claim changed'],
    ['name, opensAt, closesAt }\n', 'name, opensAt }\n', 'a closing changed'],
    ['!sameTerms(row.terms, coupon.terms)', 'row.terms === null', 'a discount changed'],
    ['!remembered || ', '', 'a restock of another size'],
    ['row.offset >= nextOf', 'row.offset > nextOf', 'just before the record of the last row'],
    ['if (!doubled) continue', 'continue', 'a second row for a winner'],
  ],
}
const audit: MutantsOf[] = [
  {
    file: 'src/audit/compare-columns.ts',
    test: 'src/audit/compare-columns.test.ts',
    mutants: [
      ['hasNoMore(b, a)', 'true', 'two values are the same'],
      [' || a.length !== b.length', '', 'two values are the same'],
    ],
  },
  {
    file: 'src/audit/audit.ts',
    test: `${coupons}/compare-rows.test.ts`,
    mutants: [
      ['if (next <= end) continue', 'if (next <= end + 1) continue', 'one beyond the log'],
      ['if (start === 0) continue', 'if (start <= 1) continue', 'the first record gone'],
    ],
  },
  {
    file: `${coupons}/take-columns.ts`,
    test: `${coupons}/compare-rows.test.ts`,
    mutants: [
      ['code === columns.codes && ', '', 'a code changed'],
      ['issued.appendedAt) === columns.times', "'') !== columns.times", 'a time changed'],
    ],
  },
  {
    file: `${coupons}/take-columns.ts`,
    test: `${coupons}/take-columns.test.ts`,
    mutants: [
      ["claimId.includes('\\n'))) return false", "claimId === '')) return false", 'look like'],
    ],
  },
  {
    file: `${coupons}/compare-events.ts`,
    test: `${coupons}/compare-events.test.ts`,
    mutants: [
      ['issued?.slot === slot && ', 'issued !== undefined && ', 'one that names another slot'],
      ['|| issued.appendedAt !== appendedAt', '', 'one that names another time'],
      ['if (!value.equals(Buffer.from(text))) return null', '', 'one in its turn'],
      ['if (offset >= published) continue', 'if (offset >= 0) continue', 'one that is missing'],
      [', position?.notified ?? 0)', ')', 'before the rows were derived anew'],
    ],
  },
  {
    file: `${coupons}/replay.ts`,
    test: `${coupons}/compare-rows.test.ts`,
    mutants: [['onGap: (gap) => addGap(findings, gap)', 'onGap: () => {}', 'a record cut out']],
  },
  {
    file: `${coupons}/compare-rows.ts`,
    test: 'src/audit/audit.test.ts',
    mutants: [
      ['offset >= end &&', 'offset > end &&', 'leaves alone the row of the very next record'],
      ['row.slot <= current.lastSlot', 'row.slot < current.lastSlot', 'where a row comes twice'],
    ],
  },
]

const since = `${coupons}/since`
const sinceLast: MutantsOf[] = [
  {
    file: `${since}/restored.ts`,
    test: `${since}/restored.test.ts`,
    mutants: [
      ['start > 0 || next > end', 'next > end', 'a log that begins later'],
      ['if (position < next)', 'if (position < 0)', 'rows that have gone back'],
      [' || generations?.get(partition) !== generation', '', 'rows that were made anew'],
      [' || found.get(partition) !== fingerprint', '', 'other records of claims'],
      ['if (fold.size !== winners)', 'if (fold.size > winners)', 'winners missing'],
      [' || head.release !== release', '', 'another version'],
    ],
  },
  {
    file: 'src/audit/audit.ts',
    test: `${since}/restored.test.ts`,
    mutants: [['isFair ? await', 'keeping ? await', 'finds something keeps nothing']],
  },
  {
    file: `${since}/before.ts`,
    test: `${since}/restored.test.ts`,
    mutants: [['? 0 : winners.size', '? winners.size : winners.size', 'rows of a rehearsal']],
  },
  {
    file: `${coupons}/repeated-events.ts`,
    test: `${since}/since.test.ts`,
    mutants: [['event.code !== derived[n]', "event.code === ''", 'an old event again']],
  },
  {
    file: `${coupons}/compare-pages.ts`,
    test: `${since}/since.test.ts`,
    mutants: [
      ['slot: through(row.couponId)', 'slot: row.slot', 'a row of a coupon that never was'],
    ],
  },
  {
    file: 'src/adapters/snapshots/snapshot-format.ts',
    test: 'src/adapters/snapshots/audited-file.test.ts',
    mutants: [
      ['if (!left.equals(digest)) throw', 'if (left.length === 0) throw', 'any one bit changed'],
    ],
  },
]

const orders = 'src/audit/orders'
const redemptions: MutantsOf = {
  file: `${orders}/check-redemptions.ts`,
  test: `${orders}/check-redemptions.test.ts`,
  mutants: [
    [
      "wordsOf(checked).first !== 'use'",
      "!wordsOf(checked).all.has('use')",
      'that was used after it was let go of',
    ],
    ['? !isInTime :', '? false :', 'that was used when its time was over'],
    ["word === 'over' && isInTime", 'false', 'that timed out before its time'],
    ['by?.couponId !== used.couponId || ', '', 'for which the step has used another coupon'],
    [' || couponId !== used.couponId', '', 'has used another coupon than was asked for'],
    ['subtotal < BigInt(minimum)', 'subtotal < 0n', 'that was used below the minimum'],
    ['exact > subtotal ? subtotal : exact', 'exact', 'gives more than was bought for'],
    ['BigInt(used.discount) !== off || ', '', 'with a unit too much taken off'],
    [' || BigInt(used.subtotal) !== subtotal', '', 'on another subtotal'],
    ['=== subtotal - off', '<= subtotal - off', 'with another total than is left'],
    ["all.has('release') ? undefined : unsaid()", 'undefined', 'let go of, which nobody said'],
    ["first === 'over'", "all.has('over')", 'that timed out after it was used'],
    ['=== undefined ? unsaid() : undefined', '=== null ? unsaid() : undefined', 'nobody wanted'],
    ['placed.subtotal < minimum', 'placed.subtotal <= minimum', 'that is not below the minimum'],
    ['?.reason === reason', ' !== undefined', 'for another reason than the step gave'],
    ['late <= overdueGraceMs', 'late <= 2 * overdueGraceMs', 'find one without an end'],
    ['isOver && isAnswered === undefined', 'isOver', 'answered and over, without an end'],
  ],
}
const histories: MutantsOf = {
  file: `${orders}/check-histories.ts`,
  test: `${orders}/check-histories.test.ts`,
  mutants: [
    ['due.userId !== placed.userId', 'due === null', 'payment that is due of another user'],
    ['captured !== due.total', 'captured < due.total', 'find more captured than was due'],
    ['captured !== due.total', 'captured > due.total', 'find less captured than was due'],
    ['captured !== refunded', 'captured < refunded', 'find 899 given back of 900'],
    ['captured !== refunded', 'captured > refunded', 'find 901 given back of 900'],
    ["if (answers['stock.sold']) broken", 'if (false) broken', 'was sold though cancelled'],
    ["if (answers['stock.released']) broken", 'if (false) broken', 'let go of though confirmed'],
    ['refused?.reason === reason', 'refused !== undefined', 'a reason that no step has given'],
    ['early > clockSkewMsMax', 'early > 2 * clockSkewMsMax', 'that timed out early'],
    ['late <= overdueGraceMs', 'late <= 2 * overdueGraceMs', 'find an order that lives too long'],
    ['subtotal < BigInt(minimum)', 'subtotal < 0n', 'a coupon spent below its minimum'],
    ['share > discount.max', 'share < discount.max', 'more taken off than the cap'],
    ['couponId !== placed.coupon?.couponId', 'placed === null', 'with another coupon'],
    ['known?.has(unitPrice) === true', 'known !== undefined', 'another price than the product has'],
    [
      '(subtotal * BigInt(discount.value)) / 100n',
      '(subtotal * BigInt(discount.value) + 99n) / 100n',
      'have nothing against an order that was confirmed',
    ],
  ],
}
const spendings: MutantsOf[] = [
  {
    file: `${orders}/check-spent.ts`,
    test: `${orders}/check-redemptions.test.ts`,
    mutants: [
      ['if (used !== null && released === null) checkSpent', 'if (false) checkSpent', 'spent what'],
    ],
  },
  {
    file: `${orders}/check-spent.ts`,
    test: `${orders}/check-histories.test.ts`,
    mutants: [
      [
        '!sameJson(taken, { discount, minimum })',
        'taken === null',
        'another discount than the coupon has',
      ],
      [
        'lateMs <= skewMsMax(parts)',
        'lateMs <= 86_400_000',
        'a coupon spent a millisecond too late',
      ],
    ],
  },
]
const plants = 'test/integration/audit'
const refusals: MutantsOf = {
  file: `${orders}/check-refusals.ts`,
  test: 'test/integration/audit/log-plants.test.ts',
  mutants: [
    [
      'origin !== null && isAfter(',
      'origin === null && isAfter(',
      'a product that nobody was ever sold refused as unknown',
    ],
    [
      'if (at <= other + skewMsMax(parts)) return false',
      'if (at < other + skewMsMax(parts)) return false',
      'which was created in the same millisecond',
    ],
    [
      'other >= back.at && at <= back.before',
      'other >= back.at',
      'to an order of before an operator had set the clock of the log back',
    ],
    [
      'other >= back.at && at <= back.before',
      'at <= back.before',
      'to an order of before an operator had set the clock of the log back',
    ],
    [
      'failed.has(nameOf(origin)) ? null : origin',
      'origin',
      'whose record could not be handled at once',
    ],
    ['if (left < total) return', 'if (left <= total) return', 'who has just enough money refused'],
    ['parts.mostPaid.get(userId) ?? 0', '0', 'where it was spent on others'],
    ['> balanceMax) return 0', '< 0) return 0', 'where more was topped up than a wallet takes'],
    ['|| !isSure) continue', ') continue', 'where a record of it could not be handled at once'],
    [
      'isAfter(placedAt, first.origin.appendedAt, parts)',
      'placedAt >= first.origin.appendedAt',
      'where it may have come later by the clocks of two brokers',
    ],
    [
      'quantity === 0 || left < quantity',
      'quantity === 0 || left <= quantity',
      'a product of which there is enough refused as out of stock',
    ],
    [
      'quantity === 0 || left < quantity',
      'quantity === 0 || left < 0',
      'of more than is surely there',
    ],
  ],
}
const spentMoney: MutantsOf[] = [
  {
    file: `${orders}/compare-money.ts`,
    test: 'test/integration/audit/log-plants.test.ts',
    mutants: [
      [
        'else if (most > 0) yield',
        'else if (most < 0) yield',
        'where its order was returned later',
      ],
    ],
  },
  {
    file: `${orders}/groups.ts`,
    test: 'test/integration/audit/log-plants.test.ts',
    mutants: [['hasCharges && (', '(', 'where another provider was asked']],
  },
]
const sold: MutantsOf = {
  file: `${orders}/groups.ts`,
  test: 'test/integration/audit/log-plants.test.ts',
  mutants: [
    [
      "placed === null || end?.message.type !== 'order.confirmed'",
      'placed === null',
      'a product of which there is enough refused as out of stock',
    ],
  ],
}
const ordersRows: MutantsOf[] = [
  {
    file: `${orders}/compare-orders.ts`,
    test: `${plants}/shop-plants.test.ts`,
    mutants: [
      ['{ partition, ...columnsOf(stored) }', '{ partition }', 'I10: another user in its column'],
      [
        'if (!sameJson(stored, state)) compare(whole(stored), whole(asOld(stored, state)))',
        '',
        'I10: another reason',
      ],
    ],
  },
  {
    file: `${orders}/compare-steps.ts`,
    test: `${orders}/compare-steps.test.ts`,
    mutants: [
      ['(row.placed, placing)', '(row.placed, placings[0])', 'whichever its step met first'],
      ['?? placings[0]', '?? row.placed', 'with what nobody has placed is found'],
    ],
  },
  {
    file: `${orders}/compare-steps.ts`,
    test: `${plants}/shop-plants.test.ts`,
    mutants: [
      ['stored.status !== status', 'stored === null', 'I12: another status beside a row'],
      [' && row.userId === userId) return', ') return', 'I12: the payment of another user'],
      ['discount, minimum })', 'minimum })', 'I13: a used coupon with another discount'],
      [
        'given.kept = spentBy(row, order) === undefined ? undefined : true',
        'void spentBy(row, order)',
        'I13: a spent coupon that may',
      ],
    ],
  },
  {
    file: `${orders}/compare-commands.ts`,
    test: `${plants}/orders-plants.test.ts`,
    mutants: [
      ['said.amount !== amount', 'said === null', 'a top-up of another sum'],
      ['if (said === undefined) broken(', 'if (said === null) broken(', 'that nobody asked for'],
    ],
  },
  {
    file: `${orders}/compare-letters.ts`,
    test: `${plants}/shop-plants.test.ts`,
    mutants: [
      ['said === outcome && amount === null', 'said === outcome', 'I14: a command with an amount'],
      ['if (!allowed.includes(null)) broken', 'if (false) broken', 'I14: a letter that is gone'],
    ],
  },
  {
    file: `${orders}/compare-sums.ts`,
    test: `${plants}/shop-plants.test.ts`,
    mutants: [
      ['if (sum !== supplied) {', 'if (sum < supplied) {', 'I11: a piece on the shelf that nobody'],
      ['if (sum !== supplied) {', 'if (sum > supplied) {', 'I11: a piece gone from the shelf'],
    ],
  },
  {
    file: `${orders}/compare-money.ts`,
    test: `${plants}/shop-plants.test.ts`,
    mutants: [
      [
        'isConfirmed ? { ...captured, unsettled: false } : captured',
        'captured',
        'I12: a charge of a confirmed order that may come back',
      ],
      ['if (userId !== payer) broken', 'if (false) broken', 'I12: a charge moved to another user'],
    ],
  },
]

export const auditMutants = mutantsOf([
  promises,
  rows,
  ...audit,
  ...sinceLast,
  histories,
  redemptions,
  ...spendings,
  refusals,
  sold,
  ...spentMoney,
  ...ordersRows,
])
