// Mutants of what becomes of an order: the process, its three steps, sums, money and stock, and
// what operators do about dead letters.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const domain = 'src/domain/orders'
const orderProcess: MutantsOf = {
  file: `${domain}/process.ts`,
  test: `${domain}/process.test.ts`,
  mutants: [
    [
      'payment.amount === order.sums.total',
      'payment.amount >= order.sums.total',
      'an order is cancelled when a step did something for other content under its id',
    ],
    [
      'payment.amount === order.sums.total',
      'payment.amount <= order.sums.total',
      'an order is cancelled when a step did something for other content under its id',
    ],
    ['now < state.deadline', 'now <= state.deadline', 'placed takes late: applied cancelled'],
    [
      'stock === null || (order.coupon !== null && coupon === null)',
      'stock === null',
      'placed takes held: applied placed',
    ],
    [
      "if (coupon?.type === 'coupon.refused') return",
      "if (coupon?.type === 'coupon.refused' && stock?.type !== 'stock.refused') return",
      'both steps have refused before it is cancelled for what the coupon step says',
    ],
    [
      'sumsOf(stock.lines, coupon ?? {})',
      'sumsOf(stock.lines, {})',
      'due takes captured: applied confirmed',
    ],
    [
      'if (isAnswer && heard[step] !== null) return contradiction',
      '',
      'used takes couponRefused: contradiction',
    ],
    [
      'return isAnswer ? repeated(state) : ignored',
      'return repeated(state)',
      'repeats nothing for what a step says again about its end, or the two would never stop',
    ],
    [
      '(sums.subtotal === subtotal && sums.total === total)',
      'sums.total === total',
      'is not what its own record says when that contradicts it',
    ],
  ],
}
const lines: MutantsOf = {
  file: `${domain}/content.ts`,
  test: `${domain}/process.test.ts`,
  mutants: [
    [
      'quantities.get(productId) === quantity',
      'quantities.has(productId)',
      'placed takes otherLines: conflict',
    ],
  ],
}
const redemptions: MutantsOf = {
  file: `${domain}/redemption.ts`,
  test: `${domain}/redemption.test.ts`,
  mutants: [
    ['isOver !== true && at < deadline', 'isOver !== true', 'reserved takes lateUse: ignored'],
    [
      'redemption.isOver === true || at < deadline',
      'redemption.isOver === true',
      'reserved takes earlyExpired: ignored',
    ],
    [
      "word === undefined && isOver !== true ? { type: 'worded', word: 'release' }",
      "word === undefined ? { type: 'worded', word: 'release' }",
      'over takes release: ignored',
    ],
    [
      "if (word === 'release') return released('released')",
      '',
      'asked takes used: applied cancelled',
    ],
  ],
}
const content: MutantsOf = {
  file: `${domain}/content.ts`,
  test: `${domain}/same-content.test.ts`,
  mutants: [
    ['order.userId === other.userId &&', '', 'an order of another user is another order'],
    ['if (a.length !== b.length) return false', '', 'an order of one line is another order'],
    ['order.couponId === other.couponId &&', '', 'an order of another coupon is another order'],
  ],
}
const sums: MutantsOf = {
  file: 'src/domain/coupons/offer.ts',
  test: `${domain}/sums.test.ts`,
  mutants: [
    [
      'Math.floor((rest * value) / 100)',
      'Math.ceil((rest * value) / 100)',
      'of 999 with a percentage, rounded down take 99 off',
    ],
    [
      'Math.floor((rest * value) / 100)',
      'Math.round((rest * value) / 100)',
      'of 999 with a percentage, rounded down take 99 off',
    ],
    [
      'Math.min(amountOff(subtotal, discount), subtotal)',
      'amountOff(subtotal, discount)',
      'of 999 with an amount beyond what there is take 999 off',
    ],
    [
      'if (subtotal < minimum)',
      'if (subtotal <= minimum)',
      'of 1000 with a minimum that is met exactly take 100 off',
    ],
    [
      'Math.floor((rest * value) / 100), max)',
      'Math.floor((rest * value) / 100), subtotal)',
      'of 1010 with a percentage above its cap take 100 off',
    ],
  ],
}
const coupon: MutantsOf = {
  file: `${domain}/coupon-step.ts`,
  test: `${domain}/coupon-step.test.ts`,
  mutants: [
    [
      'issuerNext <= offset',
      'issuerNext < offset',
      'that finds the coupon not there yet answers: applied waiting',
    ],
    [
      'if (usedBy === null) return',
      'if (usedBy !== undefined) return',
      'that finds the coupon used by a living order answers: applied waiting',
    ],
    [
      "issuerNext < issuerWas ? 'wait' : 'free'",
      "'free'",
      'waits for a rebuild of the rows, which may say that it is revoked',
    ],
    [
      'isRevoked || revoked !== undefined',
      'isRevoked',
      'is refused where it was known to be revoked, however far the issuer is',
    ],
    [
      'row.kept === true ? contradiction : release(row)',
      'release(row)',
      'whose row is kept takes cancelled: contradiction used',
    ],
    [
      'row.couponId === couponId ? own(row) : release(row)',
      'own(row)',
      'whose row is used takes confirmedBare: applied released',
    ],
    [
      "row.status === 'waiting' ? row : { placed: message, since: at }",
      '{ placed: message, since: at }',
      'that waits is decided by the record that waits, whatever a copy of it says',
    ],
  ],
}
const atOnce: MutantsOf = {
  file: `${domain}/coupon-step.ts`,
  test: `${domain}/coupon-redemption.test.ts`,
  mutants: [
    [
      "use === true && !('refused' in offerOf(terms, subtotal))",
      'use === true',
      'has only reserved what is below its minimum, of which it is told soon',
    ],
  ],
}
const spentAtOnce: MutantsOf = {
  file: `${domain}/coupon-step.ts`,
  test: `${domain}/world.test.ts`,
  mutants: [
    [
      "use === true && !('refused' in offerOf(terms, subtotal))",
      'use === undefined && subtotal < 0',
      'always comes to rest, with every order ended and everything added up',
    ],
  ],
}
const revokes: MutantsOf = {
  file: `${domain}/coupon-step.ts`,
  test: 'test/simulation/orders.test.ts',
  mutants: [
    [
      'isRevoked || revoked !== undefined',
      'revoked !== undefined',
      'a simulated rush on few pieces',
    ],
    [
      'if (usedBy === null) return issuerNext < issuerWas ?',
      'if (usedBy === null) return issuerNext < 0 ?',
      'a simulated rush on few pieces',
    ],
  ],
}
const stock: MutantsOf = {
  file: `${domain}/stock-step.ts`,
  test: `${domain}/stock-step.test.ts`,
  mutants: [
    [
      'product.available >= line.quantity',
      'product.available > line.quantity',
      'whose row is absent takes placed: applied held',
    ],
    [
      'product.available + product.held < line.quantity',
      'product.available < line.quantity',
      'says neither yes nor no while a no could be wrong: all of them are',
    ],
    [
      'product.available + product.held < line.quantity',
      'product.available + product.held <= line.quantity',
      'says neither yes nor no while a no could be wrong: some pieces are held by others',
    ],
    [
      '!(isNew && isQueued)',
      'isNew !== undefined',
      'lets those wait who come after others for the same pieces, and no order for ever',
    ],
    [
      'if (!mayExist(line.productId)) return',
      'return',
      'tells apart what it can say of a product that is missing: it is waited for where it may',
    ],
  ],
}
const missing: readonly MutantsOf[] = [
  {
    file: 'src/orders/unread-records.ts',
    test: 'src/orders/unread-records.test.ts',
    mutants: [
      [
        '?? Number.POSITIVE_INFINITY',
        '?? 0',
        'may exist until the rows go as far as its topic went',
      ],
      [
        '(this.read.get(partition) ?? 0) < end',
        '(this.read.get(partition) ?? 0) + 1 < end',
        'may exist until the rows go as far as its topic went',
      ],
      [
        'topic === this.parts.topic',
        "topic !== ''",
        'may exist until the rows go as far as its topic went',
      ],
      ['!this.asking.has(partition)', 'ends !== null', 'asked once for all orders that wait'],
      [
        'if (bounds === null) ends.delete(partition)',
        'if (bounds === null) ends.set(partition, 0)',
        'where the log is away orders wait',
      ],
    ],
  },
  {
    file: 'src/orders/stock-step.ts',
    test: 'test/simulation/waiting-orders.test.ts',
    mutants: [
      ['isQueued, mayExist }', 'isQueued }', 'is unknown to nobody who orders after it'],
      [
        'onEnds: () => waiting.changed()',
        'onEnds: () => {}',
        'of a product that does not exist is told so in no time',
      ],
    ],
  },
]
const payment: MutantsOf = {
  file: `${domain}/payment-step.ts`,
  test: `${domain}/payment-step.test.ts`,
  mutants: [
    [
      'if (total > 0) return',
      'if (total > 1) return',
      'asks to capture and to give back the least amount that there is',
    ],
    [
      'if (refunded !== 0 && refunded !== row.amount) return contradiction',
      '',
      'whose row is undoing takes undonePart: contradiction',
    ],
    [
      'if (refunded === 0 && row.amount > 0 && row.wasCaptured === true) return contradiction',
      '',
      'whose row is undoingCaptured takes undoneNothing: contradiction',
    ],
    [
      '{ ...undoing, wasRefused: row.reason }',
      'undoing',
      'remembers while it undoes what the provider had said, which it may contradict',
    ],
    [
      'answer.inDoubt === true || row.inDoubt === true',
      'answer.inDoubt === true',
      'whose row is askedInDoubt takes no: applied refused in doubt',
    ],
  ],
}
const supplies: MutantsOf[] = [
  {
    file: `${domain}/wallet.ts`,
    test: `${domain}/supplies.test.ts`,
    mutants: [
      ['amount <= balance)', 'amount < balance)', 'asked for the whole balance is then captured'],
      [
        'amount <= balance + unsettled',
        'amount < balance + unsettled',
        'is not_now with 99 and 1 that may come back',
      ],
      [
        'if (mayHaveMore) return',
        'if (false) return',
        'is not_now with 98, 1 that may come back and top-ups that are unread',
      ],
      [
        "{ status: 'captured', amount, unsettled: true }",
        "{ status: 'captured', amount }",
        'is captured with 100 and 100 that may come back',
      ],
      ['undone(charge.amount, charge.amount)', 'undone(charge.amount, 0)', 'undoing of a capture'],
      [
        'undone(charge.refunded, 0)',
        'undone(charge.refunded, charge.refunded)',
        'the undoing again is then undone and moves 0',
      ],
      [
        'balance + amount > balanceMax',
        'balance + amount >= balanceMax',
        'a top-up to the limit ends done and adds 100',
      ],
    ],
  },
  {
    file: `${domain}/product.ts`,
    test: `${domain}/supplies.test.ts`,
    mutants: [
      ['state.supplied + add > stockMax', 'state.supplied + add >= stockMax', 'as much as may be'],
      ['state.price === price && ', '', 'a product given another price ends conflict'],
    ],
  },
]
const letters: MutantsOf = {
  file: `${domain}/dead-letter.ts`,
  test: `${domain}/dead-letter.test.ts`,
  mutants: [
    ['letter.redrives >= redrivesMax', 'letter.redrives > redrivesMax', 'one re-drive too many'],
    [
      'record.redrives > letter.redrives',
      'record.redrives >= letter.redrives',
      'the same dead letter after a discard ends unchanged',
    ],
    [
      'letter.redrives - redriven.length + at + 1',
      'at + 1',
      'knows which of its re-drives a command was',
    ],
  ],
}

export const orderMutants = mutantsOf([
  orderProcess,
  content,
  lines,
  redemptions,
  sums,
  coupon,
  atOnce,
  spentAtOnce,
  revokes,
  stock,
  ...missing,
  payment,
  ...supplies,
  letters,
])
