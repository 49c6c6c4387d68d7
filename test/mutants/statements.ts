// Mutants of SQL statements: what they lock, count and look for.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const part = 'sql/statements'
const dropped = 'test/integration/database/coupon-rows-dropped.test.ts'
const steps = 'test/integration/database/steps.test.ts'
const rebuilds: MutantsOf[] = [
  {
    file: `${part}/reset-positions.sql`,
    test: dropped,
    mutants: [
      [
        'p.dropped_offset, p.next_offset',
        'p.dropped_offset, p.published_offset',
        'and were dropped by a rebuild are the same, and nobody spends one meanwhile',
      ],
      [
        'least(greatest(p.notified_offset, p.published_offset), log.end_offset)',
        'greatest(p.notified_offset, p.published_offset)',
        'drops all rows, fences their owners, and remembers what was published',
      ],
      [
        'greatest(p.notified_offset, p.published_offset)',
        'p.published_offset',
        'drops all rows, fences their owners, and remembers what was published',
      ],
    ],
  },
  {
    file: `${part}/note-lost-rows.sql`,
    test: dropped,
    mutants: [
      [
        '0, 0, log.end_offset',
        '0, 0, 0',
        'and were lost are the same, and nobody spends one meanwhile',
      ],
    ],
  },
  {
    file: `${part}/drop-rows.sql`,
    test: dropped,
    mutants: [
      [
        ', coupons.revocations',
        '',
        'and were dropped by a rebuild are the same, and nobody spends one meanwhile',
      ],
    ],
  },
]
const counts: MutantsOf[] = [
  {
    file: 'sql/statements/count-unspent.sql',
    test: 'test/integration/database/coupon-rows-dropped.test.ts',
    mutants: [
      [
        "u.order_id is null or coalesce(o.row ? 'reserved', false)",
        "u.order_id is null or coalesce(not o.row ? 'kept', false)",
        'the use first: a revoke of all counts them, as its preview does',
      ],
    ],
  },
  {
    file: 'sql/statements/insert-revocations.sql',
    test: 'test/integration/database/coupon-rows-dropped.test.ts',
    mutants: [
      [
        "u.order_id is null or coalesce(o.row ? 'reserved', false)",
        'u.order_id is null',
        'the use first: a revoke of all counts them, as its preview does',
      ],
    ],
  },
]
const locks: MutantsOf[] = [
  {
    file: `${part}/lock-issued-coupons.sql`,
    test: steps,
    mutants: [
      [
        '       for share\n',
        '',
        'come before a revoke or after it: what is used was not taken, and it is said so',
      ],
      ['       for no key update\n', '', 'let one of the orders that race for a coupon use it'],
    ],
  },
]

export const statementMutants = mutantsOf([...rebuilds, ...counts, ...locks])
