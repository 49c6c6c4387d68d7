// Mutants of rows that are made anew from the log, and what is summed up from them.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const part = 'src/orders/restore'
const test = `${part}/restore-steps.test.ts`
const steps: MutantsOf = {
  file: `${part}/restore-steps.ts`,
  test,
  mutants: [
    [
      'if (!isWallet) {',
      'if (isWallet && row === null) {',
      'the payment of an order that is to be given back, by provider, is undoing cancelled',
    ],
    [
      'refunded: question.payment.amount }',
      'refunded: 0 }',
      'the payment of an order that is to be given back, by wallet, is refunded cancelled',
    ],
    [
      'takenBy(of, placed.origin.appendedAt, use).reduce(evolveCoupon, row)',
      "evolveCoupon(row, { type: 'used', use })",
      'a redemption that uses a coupon at once has spent it',
    ],
    ['isWallet || total === 0', 'isWallet', 'that costs nothing, unanswered, by provider'],
    ['isWallet || total === 0', 'total === 0', 'that owes, and nobody has answered, by wallet'],
    [
      'if (!isSaid) restored.again = record',
      'if (isSaid) restored.again = record',
      'the stock of an order whose pieces are to be sold is sold confirmed',
    ],
    ['userId: of.userId }', "userId: '' }", 'that was spent is kept, with whose it is'],
    [
      'return end === null ? { ...captured, unsettled: true } : captured',
      'return captured',
      'a wallet has charged what was captured, and nothing where nothing was to be paid',
    ],
    [
      'if (row.amount === 0) return null',
      'if (row.amount < 0) return null',
      'a wallet has charged what was captured, and nothing where nothing was to be paid',
    ],
    [
      "{ status: 'undone', refunded: row.amount }",
      'null',
      'a wallet has charged what was captured',
    ],
    [
      "const isOpen = answered.status === 'absent' || answered.status === 'asked'",
      "const isOpen = answered.status === 'asked'",
      'that owes, and nobody has answered, by wallet',
    ],
  ],
}
const supplies: MutantsOf = {
  file: `${part}/restore-supplies.ts`,
  test,
  mutants: [
    [
      "row.status !== 'held' && row.status !== 'sold'",
      "row.status !== 'held'",
      'what orders hold, bought and paid is summed up',
    ],
    [
      "row.status === 'captured' && row.amount > 0",
      "row.status !== 'absent' && 'amount' in row",
      'and nothing that they let go of',
    ],
    ['(counts.get(key) ?? 0) + amount', 'amount', 'what orders hold, bought and paid is summed up'],
  ],
}

export const restoreMutants = mutantsOf([steps, supplies])
