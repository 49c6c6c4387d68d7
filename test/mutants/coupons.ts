// Mutants of who wins: what is decided and remembered, what is settled without a record, what the
// log has to be, and codes.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const claims: MutantsOf = {
  file: 'src/domain/coupons/decide.ts',
  test: 'src/domain/coupons/decide.test.ts',
  mutants: [
    [
      'winners.size >= state.quantity) return',
      'winners.size > state.quantity) return',
      'a claim ends sold_out where only that applies',
    ],
    [
      'if (state.paused) return',
      'if (state.paused && state.winners.size < state.quantity) return',
      'a claim ends paused rather than sold_out',
    ],
    [
      'if (!isEligible(state.terms, audience)) return',
      'if (isEligible(state.terms, audience)) return',
      'a claim ends not_eligible where only that applies',
    ],
    [
      'if (winner !== undefined) {',
      "if (winner !== undefined && status !== 'closed') {",
      'a claim ends already_issued rather than closed',
    ],
    [
      'slot: state.winners.size + 1',
      'slot: state.winners.size',
      'a claim wins the next slot, with its own claim id, offset and append time',
    ],
    [
      'issued: winner }, events: passed }',
      'issued: winner }, events: nothing }',
      'closing by time keeps what was won, and is done by the winner who asks again, too',
    ],
    [
      'at >= coupon.closesAt',
      'at > coupon.closesAt',
      'closing by time is by the append time: the last millisecond before closesAt still wins',
    ],
    [
      "at >= coupon.opensAt ? 'open'",
      "at > coupon.opensAt ? 'open'",
      'opening is by the append time alone: not one millisecond earlier',
    ],
    [
      "coupon.status === 'closed' || at",
      'at',
      'closing by time latches: later append times that go back do not open it again',
    ],
    [
      "coupon.status === 'open' || at",
      'at',
      'opening latches: later append times that go back do not close it again',
    ],
  ],
}
const controls: MutantsOf = {
  ...claims,
  mutants: [
    [
      'status: statusAt(state, appendedAt), offset, appendedAt }',
      'status: state.status, offset, appendedAt }',
      'closing by time refuses the control record that comes at closesAt itself',
    ],
    [
      "before === content ? done(null) : noEvent('conflict')",
      'done(null)',
      'a control record with other content under its id ends conflict',
    ],
    [
      'if (before !== undefined) return before',
      "if (before !== undefined && status !== 'closed') return before",
      'a control record with a restock again, after closing ends done',
    ],
    [
      'coupon.quantity + add > quantityMax',
      'coupon.quantity + add >= quantityMax',
      'a control record with a restock to the limit ends done',
    ],
    [
      "done(status === 'closed' ? null : { type: 'closed', ...command })",
      "done({ type: 'closed', ...command })",
      'a control record that closes again has no event',
    ],
    [
      "sameTerms(message.terms, coupon.terms) ? 'unchanged' : 'conflict'",
      "'unchanged'",
      'a control record with another quantity ends conflict',
    ],
  ],
}
const audience: MutantsOf = {
  file: 'src/domain/coupons/audience.ts',
  test: 'src/domain/coupons/decide.test.ts',
  mutants: [
    [
      'audience.values.includes(value)',
      'true',
      'a claim of one whom the coupon is for wins, and who is refused has taken nothing',
    ],
  ],
}
const settled: MutantsOf = {
  ...claims,
  mutants: [
    [
      'nowMax() < coupon.opensAt',
      'nowMax() <= coupon.opensAt',
      'what is settled without a record for possibly at opensAt is for the log to say',
    ],
    [
      'if (coupon.paused) return refusals.paused\n',
      'if (coupon.paused && coupon.winners.size < coupon.quantity) return refusals.paused\n',
      'what is settled without a record is paused rather than sold_out, as for a claim',
    ],
    [
      'return coupon.winners.size >= coupon.quantity',
      'return coupon.winners.size > coupon.quantity',
      'what is settled without a record for a full coupon is sold_out',
    ],
  ],
}
const state: MutantsOf = {
  file: 'src/domain/coupons/state.ts',
  test: 'src/domain/coupons/state.test.ts',
  mutants: [
    [
      'state.quantity += event.add',
      'state.quantity = event.add',
      'restocked adds to the quantity, not to the terms, and remembers its command',
    ],
    [
      'state.commands.set(event.commandId, 0)',
      'void event.commandId',
      'paused and resumed are remembered by their commands',
    ],
    [
      'event.terms.opensAt ?? event.at',
      'event.terms.opensAt ?? 0',
      'without opensAt a coupon opens at its own append time, without closesAt it never closes',
    ],
  ],
}
const fold: MutantsOf = {
  file: 'src/domain/coupons/fold.ts',
  test: 'src/domain/coupons/fold.test.ts',
  mutants: [
    [
      'own !== partition',
      'own > partition',
      'a record in another partition than its coupon id says is void, known coupon or not',
    ],
  ],
}
const messages: MutantsOf = {
  file: 'src/domain/coupons/messages.ts',
  test: 'src/domain/coupons/messages.test.ts',
  mutants: [
    [
      'closesAt > opensAt',
      'closesAt >= opensAt',
      'reading finds a record with closesAt at opensAt void',
    ],
    ['count(100,', 'count(101,', 'reading finds a record with percent 101 void'],
  ],
}
const codeTexts: MutantsOf = {
  file: 'src/domain/coupons/code-text.ts',
  test: 'src/domain/coupons/codes.test.ts',
  mutants: [
    [
      'ABCDEFGHJKMNPQRSTVWXYZ',
      'ABCDEFGHIJKMNPQRSTVWXY',
      'a code is pinned for ever: a rebuild must give winners the codes that they hold',
    ],
    [
      '*~$=U`\n',
      '*~$U=`\n',
      'a code is the top 60 bits of the HMAC in base 32 with their check symbol',
    ],
  ],
}
const typedCodes: MutantsOf = {
  file: 'src/domain/coupons/code-text.ts',
  test: 'src/domain/coupons/code-text.test.ts',
  mutants: [
    [
      'sum = doubled(sum) ^ valueAt(first, n)',
      'sum = sum ^ valueAt(first, n)',
      'a code with one wrong symbol, or two neighbours swapped, is no code of its rules',
    ],
    [".replaceAll('O', '0')", '', 'a code is read however it is typed'],
  ],
}
const codes: MutantsOf = {
  file: 'src/domain/coupons/codes.ts',
  test: 'src/domain/coupons/codes.test.ts',
  mutants: [
    [
      '>>> 4)) % 2 ** 30',
      '>>> 5)) % 2 ** 30',
      'a code is pinned for ever: a rebuild must give winners the codes that they hold',
    ],
    [
      'row.code !== derive({ ...row,',
      'row.code === undefined && derive({ ...row,',
      'a code that is not the one derived for its row is found',
    ],
    [
      'remembered.get(won.claimId)',
      'remembered.get(won.couponId)',
      'a remembered code is the derived one, and is derived once',
    ],
  ],
}
const view: MutantsOf = {
  file: 'src/domain/coupons/view.ts',
  test: 'src/domain/coupons/view.test.ts',
  mutants: [
    [
      "if (coupon.paused) return 'paused'",
      "if (coupon.paused && coupon.winners.size < coupon.quantity) return 'paused'",
      'a coupon paused and all gone looks paused',
    ],
  ],
}
const log: MutantsOf = {
  file: 'src/ports/log-check.ts',
  test: 'src/ports/log-check.test.ts',
  mutants: [
    ['at.next <= end', 'at.next <= end + 1', 'the end of a log at 4 is too early'],
    ['at.next <= end', 'at.next < end', 'the end of a log at 5 is right'],
    ['start > 0', 'start > 1', 'lost it before anybody read it: is told'],
    ['?.end ?? 0) ?? []', '?.end ?? at.next) ?? []', 'has fewer partitions than were read'],
    [
      'found.get(at.partition) === at.fingerprint',
      'found.has(at.partition)',
      'is another: is told',
    ],
    ['start: next - 1, end: next }', 'start: next - 2, end: next - 1 }', 'has grown'],
  ],
}

export const couponMutants = mutantsOf([
  claims,
  controls,
  settled,
  state,
  audience,
  fold,
  messages,
  codeTexts,
  typedCodes,
  codes,
  view,
  log,
])
