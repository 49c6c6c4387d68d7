// Mutants of what is answered: a claim and its code, commands, who is in doubt, the gate before the
// log, and how refusals are told over HTTP.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const claims = 'src/api/claims'
const path: MutantsOf[] = [
  {
    file: `${claims}/claim-path.ts`,
    test: `${claims}/claim-commands.test.ts`,
    mutants: [
      ['!state.broken && ', '', 'is believed no more once the log has failed'],
      ['      open.remove(claim)\n', '', 'no doubt about a claim that was certainly not stored'],
    ],
  },
  {
    file: `${claims}/claim-path.ts`,
    test: `${claims}/claim-service.test.ts`,
    mutants: [
      ['known(asked, latest)', 'known(asked, estimate)', 'whatever the wall clock of its machine'],
      [
        'open.forbids(answer, asked) ? null : answer',
        'answer',
        'says no sold_out to whom its own claim may still win',
      ],
      [
        'open.forbids(answer, asked) ? pending : answer',
        'answer',
        'says no paused to whom its own claim may still win',
      ],
      ['if (isTaken) open.add(claim)', '', 'says no closed to whom its own claim may still win'],
      [
        "const first = kind === 'issued'",
        'const first = true',
        'again from memory without another',
      ],
      [
        'claimId: issued.claimId, rules })',
        "claimId: '', rules })",
        'again from memory without another record',
      ],
    ],
  },
]
const commands: MutantsOf = {
  file: `${claims}/claim-service.ts`,
  test: `${claims}/claim-commands.test.ts`,
  mutants: [
    [
      "else if (error.appended === 'no') waiters",
      'else waiters',
      'whose record may still come is pending at its deadline',
    ],
    ['late: pending,\n  })', 'late: stopping,\n  })', 'never “nothing was done”'],
    [
      'if (!isDeepStrictEqual(underWay.get(id), message)) return',
      '',
      'is not answered by another of its id, which another node has sent',
    ],
    ["if (state.stopping) reasons.push('stopping')", '', 'is refused while the node stops'],
  ],
}
const sharedCommands: MutantsOf = {
  file: `${claims}/claim-service.ts`,
  test: `${claims}/claim-service.test.ts`,
  mutants: [
    [
      '!isKnown || isDeepStrictEqual(before, message)',
      'answer !== undefined',
      'answers commands of one id by what each asks for, also where they come at once',
    ],
  ],
}
const answers: MutantsOf = {
  file: `${claims}/claim-answers.ts`,
  test: `${claims}/claim-commands.test.ts`,
  mutants: [
    ["code === 'log_full' ? busy : logUnavailable", 'logUnavailable', 'found the log full'],
    ['retryAfterSeconds: 1 }', 'retryAfterSeconds: 0 }', 'found the log full'],
  ],
}
const open: MutantsOf = {
  file: `${claims}/open-claims.ts`,
  test: `${claims}/open-claims.test.ts`,
  mutants: [
    ["answer?.kind !== 'issued' &&", '', 'forbid every answer but that one has won'],
    ['if (earlier === userId) break', '', 'with those that were sent before them and none behind'],
    ['if (before !== null) users.delete(userId)', '', 'in which they were sent last'],
    ['return open.before\n', 'return null\n', 'certainly not written, one by one'],
  ],
}
const gate: MutantsOf = {
  file: `${claims}/claim-gate.ts`,
  test: `${claims}/claim-gate.test.ts`,
  mutants: [
    ['if (isTaken) held.add(claim)', '', 'whose earlier claim the gate still has'],
    ['held.forbids(answer, asked) ? null : answer', 'answer', 'whose earlier claim the gate'],
    ['issued: coupon?.winners.size ?? 0', 'issued: 0', 'how many there are, and how many have it'],
    ['-${appendedAt}`', '`', 'tells the gate which coupon it is'],
    ['    this.held.remove(claim)\n    this.parts', '    this.parts', 'is in no doubt then'],
    [
      'if (!path.trustsMemory(claim.couponId)) return path.send(claim)',
      '',
      'neither asks the gate nor answers those deferred while its tail is stalled',
    ],
  ],
}
const http = 'src/api/http'
const problems: MutantsOf[] = [
  {
    file: `${http}/problems/problems.ts`,
    test: `${http}/problems/problems.test.ts`,
    mutants: [
      ["sold_out: 'sold-out'", "sold_out: 'closed'", 'told by a problem of its own name'],
      ["?? 'idempotency-key-reused'", "?? 'coupon-exists'", 'with what its id belongs to'],
      ['String(answer.retryAfterSeconds)', "'1'", 'a 503 that says why, and when to ask again'],
    ],
  },
  {
    file: `${http}/problems/problem-texts.ts`,
    test: `${http}/problems/problems.test.ts`,
    mutants: [
      ["text(409, 'Not open yet'", "text(425, 'Not open yet'", 'the status that is documented'],
      ["text(503, 'Unavailable'", "text(500, 'Unavailable'", 'a 503 that says why'],
    ],
  },
  {
    file: `${http}/command-answers.ts`,
    test: `${http}/command-answers.test.ts`,
    mutants: [
      ["outcome !== 'unchanged' && ", '', 'a creation of what was there is answered'],
      ['if (body === null) return pendingAt(location)', '', 'what is done and cannot be shown yet'],
    ],
  },
]
const operators: MutantsOf = {
  file: 'src/api/orders/operator-commands.ts',
  test: 'src/api/orders/operator-commands.test.ts',
  mutants: [
    [
      "error.appended !== 'no') return",
      "error.appended === 'no') return",
      'is pending where it is not applied in time and its append was unacknowledged',
    ],
    [
      'amount !== null && done.amount !== amount',
      'amount === undefined',
      'that was applied before is answered from SQL, and is not appended again',
    ],
    ['amount: message.amount }', 'amount: null }', 'that was applied before is answered from SQL'],
    [
      "if (done === null) return { kind: 'pending' }",
      'if (done === null) return busy',
      'is pending at once when the service is closed',
    ],
  ],
}

const keysTaken: MutantsOf = {
  file: 'src/api/keys/one-thing.ts',
  test: 'src/api/keys/one-thing.test.ts',
  mutants: [
    ["if (!('status' in answer)) await", 'await', 'and only there'],
    ["if (!('status' in answer)) await this.giveBack(given)", '', 'nothing came of it for certain'],
    ['known.takers > 0 && known.givenFor !== givenFor', 'false', 'at once one is made'],
    ['known.takers -= 1', 'known.takers = 0', 'takes the key from nobody'],
    ['(await this.ask((shared) => shared.take(given))) !== false', 'true', 'at once one is made'],
  ],
}
const keysShared: MutantsOf = {
  file: 'sql/statements/take-key.sql',
  test: 'test/contracts/node-board.test.ts',
  mutants: [
    ['where k.given_for = excluded.given_for', 'where true', 'are for one thing'],
    ['    or k.takers = 0', '', 'are free once all'],
    ["k.given_at < now() - interval '1 day'", 'false', 'forgotten after a day'],
  ],
}

const closedCoupons = `${claims}/closed`
const away: MutantsOf[] = [
  {
    file: `${closedCoupons}/winner-lookups.ts`,
    test: `${closedCoupons}/closed-claims.test.ts`,
    mutants: [
      ['own !== undefined || areAllThere', 'true', 'while the rows are those of an older dump'],
      [
        'if (reads === null) return databaseStarting',
        'if (reads === null) return null',
        'never a no',
      ],
    ],
  },
  {
    file: `${closedCoupons}/closed-coupons.ts`,
    test: `${closedCoupons}/closed-claims.test.ts`,
    mutants: [
      ['next > last.offset', 'next >= last.offset', 'before the rows are beyond the last'],
      ['if (terms.rehearsal || ', 'if (', 'it is a rehearsal’s'],
      ['>= afterMs', '>= 0', 'it was closed a moment ago'],
      ['(await this.lookUp(asked)) === null', 'true', 'elsewhere, the log knows'],
    ],
  },
  {
    file: 'src/snapshots/winners-in-rows.ts',
    test: `${closedCoupons}/closed-claims.test.ts`,
    mutants: [['if (winners.size > 0) await otherWork()', '', 'one page a turn']],
  },
  {
    file: `${closedCoupons}/closed-coupons.ts`,
    test: `${closedCoupons}/closed-coupons.test.ts`,
    mutants: [
      ['isClosed ? undefined :', 'true ? undefined :', 'as if they had never gone'],
      ['away.knows(asked.userId) ? undefined :', 'true ? undefined :', 'as if they had never gone'],
    ],
  },
]

export const claimMutants = mutantsOf([
  ...path,
  ...away,
  commands,
  sharedCommands,
  answers,
  open,
  gate,
  ...problems,
  operators,
  keysTaken,
  keysShared,
])
