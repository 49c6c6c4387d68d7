// Mutants of who writes rows: positions, fences, what is published, and rows that the log cannot
// have made.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const part = 'src/issuer'
const issuer: MutantsOf = {
  file: `${part}/issuer.ts`,
  test: `${part}/issuer.test.ts`,
  mutants: [
    ['expected + records.length', 'expected + records.length - 1', 'writes a row for each winner'],
    ["if (applied === 'fenced') throw new Fenced()", '', 'another owner has moved the position'],
    [
      "if (lost !== null) throw new PortError('log_damaged', lost)",
      '',
      'refuses a log that ends before what it has issued',
    ],
    [
      'if ((stored.get(partition)?.next ?? 0) !== next) throw new Fenced()',
      '',
      'takes rows that another owner has written meanwhile for a fence, and not for wrong ones',
    ],
    ['recordFingerprint(last)', 'recordFingerprint(first)', 'which record was the last'],
    ['Math.max(position.published, notified)', 'position.published', 'publishes nothing again'],
    [
      'offset >= (this.notified.get(partition) ?? 0)',
      'offset > (this.notified.get(partition) ?? 0)',
      'derives dropped rows anew, and publishes nothing twice',
    ],
  ],
}
const loaded: MutantsOf = {
  file: `${part}/loaded-coupons.ts`,
  test: `${part}/loaded-coupons.test.ts`,
  mutants: [
    ['winners.size > quantity', 'winners.size > quantity + 1', 'more winners than its quantity'],
    ['winners.size > quantity', 'winners.size >= quantity', 'as many winners as its quantity'],
    ['offset <= last.issued.offset', 'offset < last.issued.offset', 'two winners of one record'],
    [
      'quantity !== terms.quantity + added',
      'quantity < added',
      'another quantity than was ordered',
    ],
    [' && message.userId === winner.userId', '', 'a winner of another user’s record'],
    [' && record.appendedAt === winner.appendedAt', '', 'has a winner of another time'],
  ],
}
const publisher: MutantsOf = {
  file: `${part}/issue-publisher.ts`,
  test: `${part}/issue-publisher.test.ts`,
  mutants: [
    ['at += eventsPerAppendMax', 'at += eventsPerAppendMax + 1', 'however many fit in one append'],
  ],
}
const idle: MutantsOf[] = [
  {
    file: `${part}/idle-coupons.ts`,
    test: `${part}/idle-coupons.test.ts`,
    mutants: [
      ['Math.max(lastRecordAt, closesAt)', 'lastRecordAt', 'is open'],
      ["status === 'closed' ? lastRecordAt :", '', 'was closed an hour ago'],
      ['if (appendedAt <= this.logNow()) return', '', 'by the clock of the log'],
      [' + (this.parts.clock.monotonic() - moment)', '', 'nothing came since'],
    ],
  },
  {
    file: `${part}/issuer.ts`,
    test: `${part}/idle-coupons.test.ts`,
    mutants: [
      ['if (!this.isApplying) this.fold', 'this.fold', 'while a batch waits for the rows'],
      ['if (this.mayLetGo) this.letGo()', '', 'and of the rest right after'],
    ],
  },
  {
    file: `${part}/issue-fold.ts`,
    test: `${part}/idle-coupons.test.ts`,
    mutants: [
      [
        "if (event.type === 'created') absent.delete(coupon.couponId)",
        '',
        'as if they had never gone',
      ],
    ],
  },
]
const others: MutantsOf[] = [
  {
    file: 'src/adapters/log-file/topic-readers.ts',
    test: 'src/adapters/log-file/topic-readers.test.ts',
    mutants: [
      ['      untold()\n', '', 'is forgotten once it is closed'],
      ['        await endOfTurn()\n', '', 'reads at once all that is told of in one turn'],
    ],
  },
  {
    file: 'src/adapters/log-kafka/tail.ts',
    test: 'src/adapters/log-kafka/tail.test.ts',
    mutants: [
      [
        '      this.startLoops()\n      const led',
        '      const led',
        'had no leader while its broker',
      ],
    ],
  },
  {
    file: 'src/main/roles/standstill.ts',
    test: 'src/main/roles/standstill.test.ts',
    mutants: [
      ['known?.next === next', 'known !== undefined', 'one that moves on is not behind for long'],
      ['next >= end', 'next > end', 'one with nothing before it rests'],
    ],
  },
  {
    file: `${part}/issue-fold.ts`,
    test: `${part}/issuer.test.ts`,
    mutants: [['issued.sort(bySlot)', '', 'rows in the order of the slots']],
  },
  {
    file: `${part}/position-watch.ts`,
    test: `${part}/position-watch.test.ts`,
    mutants: [['?? 0) < next', '?? 0) <= next', 'is quiet while they are where the issuer left']],
  },
  {
    file: `${part}/void-records.ts`,
    test: `${part}/void-records.test.ts`,
    mutants: [['others > 0', 'others > 1', 'the last letter says that there are 1 more']],
  },
]

export const issuerMutants = mutantsOf([issuer, loaded, publisher, ...idle, ...others])
