// Mutants of what a rehearsal holds against what it asked for: of a sale, and of orders.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const coupons = 'src/rehearsal/coupons'
const evidence = `${coupons}/sale-evidence.test.ts`
const promises = `${coupons}/sale-promises.test.ts`
const sale: MutantsOf[] = [
  {
    file: `${coupons}/sale-promises.ts`,
    test: promises,
    mutants: [
      ['if (seen !== wanted) breaches', 'if (seen === null) breaches', 'another discount than was'],
      ['if (issued !== expected)', 'if (issued < expected)', 'one slot too many: exact, slots'],
      ['given > most', 'given > most + 1', 'of a sale that was cut short only what was told'],
      ['!sameIssued(yes, first)', 'yes === null', 'two coupons for one user: one_each'],
      ['if (other === undefined) byCode', 'if (other !== null) byCode', 'one code for all: codes'],
      [
        'highest.holds.slot > later.holds.slot',
        'highest === null',
        'a later ask that got an earlier',
      ],
      ['if (sentAt <= openAt) continue', 'continue', 'not open, though another had won before'],
      ['if (isDefinite(answer)) continue', 'continue', 'an ask without an end: definite'],
    ],
  },
  {
    file: `${coupons}/sale-promises.ts`,
    test: evidence,
    mutants: [
      ['Math.min(quantity, askers.length)', 'quantity', 'fewer users than coupons: nothing broken'],
      [
        'if (!bySlot.has(slot)) breaches',
        'if (slot < 1) breaches',
        'in the middle that nobody has',
      ],
      [
        'if (soldOutAt < later.firstSentAt) {',
        'if (soldOutAt < 0) {',
        'a winner who asked after another was told no: refused, in_order',
      ],
    ],
  },
  {
    file: `${coupons}/sale-evidence.ts`,
    test: evidence,
    mutants: [[" || answer.kind === 'closed'", '', 'the last winner, who was told closed as well']],
  },
  {
    file: `${coupons}/sale-evidence.ts`,
    test: promises,
    mutants: [
      ['entry.settled ?? entry.answer', 'entry.answer', 'an unknown that was settled as a win'],
      [' && a.claimId === b.claimId', '', 'another claim id in mine: kept, stored, published'],
      ['asked ?? after ?? before', 'after ?? before', 'more than were asked for, and the service'],
    ],
  },
  {
    file: `${coupons}/sale-afterwards.ts`,
    test: evidence,
    mutants: [
      [' && code === holds.code', '', 'a winner who sees another code: seen'],
      ['event.userId === userId && ', '', 'an event of somebody else: published'],
      ['after.issued !== holders.length', 'after.issued < holders.length', 'that counts one more'],
    ],
  },
]
const orders = 'src/rehearsal/orders'
const shop: MutantsOf[] = [
  {
    file: `${orders}/order-promises.ts`,
    test: `${orders}/order-promises.test.ts`,
    mutants: [
      [
        "no_money: ['insufficient_funds']",
        "no_money: ['insufficient_funds', 'timed_out']",
        'whoever ran out of time was not served, though everything adds up',
      ],
      ['if (able.length === 0) return', 'return', 'a service that confirms nothing keeps no'],
      ['if (ids.size > 1)', 'if (ids.size > 2)', 'a double click that made two orders'],
      ['won > 1 || (won < 1 && inTime)', 'won < 1 && inTime', 'two orders that both won one'],
      ['won > 1 || (won < 1 && inTime)', 'won > 1', 'a race that nobody won breaks'],
      [
        'shownOrder(order) !== shownOrder(expected)',
        'order === null',
        'a total that is wrong by one, everywhere breaks',
      ],
    ],
  },
  {
    file: `${orders}/order-afterwards.ts`,
    test: `${orders}/order-promises.test.ts`,
    mutants: [
      ['if (product.price !== price) {', 'if (price < 0) {', 'a product at another price than was'],
      [
        'available + held + sold !== stock',
        'available + held + sold > stock',
        'stock that got lost',
      ],
      ['sold < scarce.stock', 'sold < scarce.stock - 1', 'out of stock while a piece is left'],
      ['!sameEnd(now.value, order)', 'order === null', 'that shows confirmed afterwards'],
    ],
  },
]
const atTills = 'src/rehearsal/tills'
const tills: MutantsOf[] = [
  {
    file: `${atTills}/till-model.ts`,
    test: `${atTills}/till-promises.test.ts`,
    mutants: [
      [
        "if (revoked) return { answer: 'coupon-revoked', model }",
        '',
        'what an honest service tells at its tills adds up',
      ],
      [
        'if (answer !== null && !isSame) return null',
        "if (answer !== null && !isSame && act.kind !== 'revoke') return null",
        'a revoke that counts what was used at the same moment',
      ],
    ],
  },
  {
    file: `${atTills}/till-promises.ts`,
    test: `${atTills}/till-promises.test.ts`,
    mutants: [
      ['return told === value ? [] :', 'return told !== null ? [] :', 'one too high breaks'],
      ['taken !== unspent', 'taken > unspent', 'a revoke of all that counts one less'],
      ['if (before === redemptionId) return []', 'return []', 'that made two redemptions'],
    ],
  },
  {
    file: `${orders}/return-promises.ts`,
    test: `${orders}/return-promises.test.ts`,
    mutants: [
      ['if (isExpected(one.wish, names)) continue', 'continue', 'an order that is returned twice'],
      ['!gone.has(order.orderId)', 'order !== null', 'what was returned is given back, and'],
    ],
  },
]

export const rehearsalMutants = mutantsOf([...sale, ...shop, ...tills])
