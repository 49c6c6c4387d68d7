// Mutants of how an audit asks for rows page by page, and of how that of orders gathers rows and
// records, and compares them group by group.

import { mutantsOf } from './mutant.ts'

const orders = 'src/audit/orders'

export const auditGroupMutants = mutantsOf([
  {
    file: 'src/audit/coupons/compare-pages.ts',
    test: 'src/audit/coupons/compare-pages.test.ts',
    mutants: [
      ['after?.slot === ahead?.after.slot', 'true', 'are all compared where'],
      ['isExpected ? {', 'isExpected && false ? {', 'are asked for while the one before'],
      ['page.catch(() => {})', 'void page', 'fail as the page that is wanted does'],
    ],
  },
  {
    file: 'src/audit/audit.ts',
    test: 'src/audit/audit.test.ts',
    mutants: [
      [
        'await Promise.allSettled([rows, events])',
        'void events',
        'once nobody reads the log for it',
      ],
    ],
  },
  {
    file: `${orders}/buckets.ts`,
    test: `${orders}/buckets.test.ts`,
    mutants: [
      ['arena.readUInt16LE(at + 4) + 1', 'arena.readUInt16LE(at + 4)', 'give all of a key at once'],
      ['to = Math.min(end, endWithin(', 'to = Math.max(end, endWithin(', 'a group is small'],
      [
        'puttingAside.then(() => putAside(scratch))',
        'putAside(scratch)',
        'keep what two put aside at the same time',
      ],
      ['await putAside(null)', 'await putAside(scratch)', 'put nothing aside of what is small'],
    ],
  },
  {
    file: `${orders}/compare-groups.ts`,
    test: `${orders}/compare-groups.test.ts`,
    mutants: [
      ['underWay.shift()', 'underWay.pop()', 'are taken in their order'],
      ['underWay.push(elsewhere ?? ', 'underWay.unshift(elsewhere ?? ', 'are taken in their order'],
      ['? 0 : aheadMax', '? 0 : 1_000', 'are read back no faster'],
    ],
  },
  {
    file: `${orders}/audit-orders.ts`,
    test: 'test/simulation/audit-threads.test.ts',
    mutants: [
      ['findings.take(outcome.found)', 'findings.found()', 'says what it says in one'],
      ['log.voidRecords += outcome', 'log.voidRecords = outcome', 'says what it says in one'],
    ],
  },
  {
    file: `${orders}/read-rows.ts`,
    test: `${orders}/read-rows.test.ts`,
    mutants: [
      ["readonly AuditedTable[] = ['orders']", "readonly AuditedTable[] = ['products']", 'in two'],
      ['oneMoment ? [auditedTables]', 'false ? [auditedTables]', 'are asked for one by one'],
    ],
  },
  {
    file: `${orders}/read-log.ts`,
    test: `${orders}/read-log.test.ts`,
    mutants: [
      [`text.includes('"orderId"', at + 1)`, 'at < 0', 'that names two, of which the last counts'],
      [` || text.includes('\\\\')`, '', 'that names another by an escape'],
      ['text.startsWith(`${key}"`, at', 'text.startsWith(``, at', 'of another order than its key'],
    ],
  },
])
