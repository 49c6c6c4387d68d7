// Mutants of the proof: what of a record is public, how trees, notes and checkpoints are read, and
// what a verifier finds.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const leaves: MutantsOf = {
  file: 'src/domain/proof/leaf.ts',
  test: 'src/domain/proof/leaf.test.ts',
  mutants: [
    [
      'const at = Math.max(appendedAt, before.at)',
      'const at = appendedAt',
      'Any log gives each coupon leaves that a verifier finds to be a sale',
    ],
    [
      "if (message.type === 'coupon.paused' && seen.paused) return null",
      'if (false) return null',
      'An act that changes nothing is ignored: what is so already, twice, or after the close',
    ],
    [
      'decision.events.length <= seen.passed',
      'decision.events.length === 0',
      'Any log gives each coupon leaves that a verifier finds to be a sale',
    ],
    [
      'if (wire[name] !== undefined) shown[name]',
      'if (wire.by !== undefined) shown.by = wire.by; else shown[name]',
      'Of a control record only public fields are told, whatever kind it is',
    ],
    [
      'value !== seen[name]',
      'value !== undefined',
      'An edit tells what changed, and nothing where nothing did',
    ],
  ],
}
const users: MutantsOf = {
  file: 'src/domain/proof/who.ts',
  test: 'src/domain/proof/leaf.test.ts',
  mutants: [
    [
      '`${couponId}\\0${userId}`',
      'userId',
      'A user has one "who" on a coupon, and another one on every other and by other secrets',
    ],
  ],
}
const checkpoints: MutantsOf = {
  file: 'src/domain/proof/checkpoint.ts',
  test: 'src/domain/proof/checkpoint.test.ts',
  mutants: [
    [
      "if (!origin.endsWith(couponOrigin('', couponId))) {",
      'if (false) {',
      'Only what the key of this coupon has signed is opened, and the reason is said',
    ],
    [
      'formatCheckpoint(checkpoint) === text ? checkpoint : null',
      'checkpoint',
      'A checkpoint has one spelling: everything else is none',
    ],
  ],
}
const notes: MutantsOf = {
  ...checkpoints,
  file: 'src/domain/proof/signed-note.ts',
  mutants: [
    [
      'own.every(',
      'own.some(',
      'Signatures of others beside it change nothing; a false one under our name does',
    ],
    [
      "bytes.toString('base64') === text ? bytes : null",
      'bytes',
      'Any bit of a checkpoint that is changed is found, in text and signature',
    ],
  ],
}
const trees: MutantsOf = {
  file: 'src/domain/proof/tree-proofs.ts',
  test: 'src/domain/proof/tree.test.ts',
  mutants: [
    [
      'path.last === 0 && made.equals(root)',
      'made.equals(root)',
      'Trees of no size, of the same size and of fewer leaves are held as RFC 9162 says',
    ],
    [
      'old.equals(fromRoot) && made.equals(toRoot)',
      'made.equals(toRoot)',
      'Of 10,000 proofs with one bit changed',
    ],
  ],
}
const sales: MutantsOf = {
  file: 'src/domain/proof/sale.ts',
  test: 'src/domain/proof/sale-check.test.ts',
  mutants: [
    ['const wentBack = leaf.at < before', 'const wentBack = false', 'a time goes back'],
    [
      "if (opensAt !== undefined && sale.status !== 'scheduled') {",
      "if (opensAt !== undefined && sale.status === 'closed') {",
      'the opening is moved after it opened',
    ],
    ["if (isClosed) return told('restocksLate')", '', 'it is restocked after the close'],
    [
      "outcome === 'not_eligible' && sale.hasAudience",
      "outcome === 'not_eligible'",
      'who is not eligible of a coupon for all',
    ],
    [
      'slot === undefined || slot === dueSlot',
      'slot === undefined || slot > 0',
      'two winners are swapped',
    ],
  ],
}
const receipts: MutantsOf = {
  ...sales,
  file: 'src/domain/proof/receipt.ts',
  mutants: [
    ['} else if (!root.equals(checkpoint.root)) {', '} else if (false) {', 'a fork is shown'],
    [
      "root !== null && numbers !== seen.claims.join(', ')",
      'root === checkpoint.root && numbers.length < 0',
      'an entry of the user is left out',
    ],
    ['if (whoOf(salt, userId) !== who)', 'if (userId === who)', 'the receipt is of somebody else'],
  ],
}
const wholeSales: MutantsOf = {
  ...sales,
  file: 'src/domain/proof/sale-check.ts',
  mutants: [
    [
      '} else if (!rootOf(tree).equals(root)) {',
      '} else if (false) {',
      'an entry is not the one that was signed',
    ],
    ['else if (tree.size < size) {', 'else if (false) {', 'the entries are cut'],
    [
      'if (leaf.who === receipt?.who) check.own.push(leaf)',
      'check.own.push(leaf)',
      'An honest sale holds, with the receipts of winners and losers, and with none',
    ],
    [
      "leaf.kind !== 'claim' || n >= heldSize",
      "leaf.kind !== 'claim'",
      'A receipt of any moment of the sale holds against everything that came after it',
    ],
    [
      'check.entryFaults.length < faultsToldMax',
      'check.entryFaults.length < 100',
      'After the first things that are wrong the others are only counted',
    ],
    [
      "if (held !== null && 'fault' in held) faults.push",
      'if (held === null) faults.push',
      'the receipt is signed by another key',
    ],
  ],
}
const saved: MutantsOf = {
  file: 'src/domain/proof/saved-sale.ts',
  test: 'src/domain/proof/sale-check.test.ts',
  mutants: [
    [
      "last !== savedEnd(hash('sha256', file.subarray(0, end)))",
      'last === file.toString()',
      'A saved sale is read as it was; cut anywhere or with any bit changed it is none',
    ],
  ],
}
const held: MutantsOf = {
  file: 'src/domain/proof/held-checkpoint.ts',
  test: 'src/domain/proof/held-checkpoint.test.ts',
  mutants: [
    ['if (from > to) return', 'if (false) return', 'What a service has taken back'],
    ['if (isWhole && isConsistent(', 'if (isConsistent(', 'A proof that is no proof shows nothing'],
    ['toRoot: now.root, proof })', 'toRoot: saved.root, proof })', 'A checkpoint of any moment'],
    ["if ('fault' in before) return", 'if (false) return', 'What a service has taken back'],
  ],
}
const pages: MutantsOf = {
  file: 'src/web/proof/signatures.ts',
  test: 'src/web/proof/signatures.test.ts',
  mutants: [
    ['return known.get(name) ?? false', 'return true', 'Of two signatures under one name both'],
    ['begin(() => true), isChecked: false', 'begin(() => true), isChecked: true', 'cannot tell'],
    ['return isUnknown ? null', 'return isUnknown ? false', 'A browser that cannot tell says so'],
    ['known.set(name, holds)', 'known.set(name, true)', 'Of two signatures under one name both'],
  ],
}
const standIns: MutantsOf = {
  file: 'src/web/proof/node/sha256.ts',
  test: 'src/web/proof/node/node.test.ts',
  mutants: [
    ['const tailBytes = rest < blockBytes - 8', 'const tailBytes = rest < blockBytes', 'Hashes'],
    ['state.set(firstState)', '', 'Hashes are those of Node, of any length'],
  ],
}
const arrivals: MutantsOf = {
  file: 'src/api/claims/arrival-order.ts',
  test: 'src/api/claims/arrival-order.test.ts',
  mutants: [
    ['(arrivals[n] ?? 0) > arrivedAt', '(arrivals[n] ?? 0) >= arrivedAt', 'at one moment'],
    ['Math.min(placed, comparedMax)', 'Math.min(placed, 1)', 'the last came first'],
    ['arrivals[placed % comparedMax] =', 'arrivals[0] =', 'the other way round'],
    ['this.counted.pairs += compared', 'this.counted.pairs += comparedMax', 'in order'],
    [
      'this.recent.get(couponId) ?? this',
      "this.recent.get('a') ?? this",
      'compares only claims on the same coupon',
    ],
    ['if (this.recent.size >= couponsMax)', 'if (false)', 'remembers a bounded number of coupons'],
  ],
}
const witnesses: MutantsOf = {
  file: 'src/domain/proof/witness.ts',
  test: 'src/domain/proof/witness.test.ts',
  mutants: [
    ['asked.old !== from || isFork', 'asked.old !== from', 'a fork of the same size'],
    ['asked.old !== from || isFork', 'isFork', 'a log that was rolled back'],
    ['if (!keys.some((key) => isSignedBy(note, key)))', 'if (false)', 'another key'],
    ['? asked.proof.length === 0', '? true', 'a proof from nothing'],
    ["couponId !== '' && origin", 'origin', 'no coupon'],
  ],
}
const cosignatures: MutantsOf = {
  ...witnesses,
  file: 'src/domain/proof/cosignature.ts',
  mutants: [
    [
      'if (!verify(null, cosignedBytes(text, time), key, signed))',
      'if (false)',
      'Any bit of a cosignature that is changed is found',
    ],
    [
      'known.text !== more.text',
      'false',
      'Signatures of one checkpoint are put together, each once, and those of another are not',
    ],
  ],
}

const asked: MutantsOf = {
  file: 'src/issuer/proof/witness-question.ts',
  test: 'src/issuer/proof/witnesses.test.ts',
  mutants: [
    ['if (line === null) {', 'if (false) {', 'serves no cosignature that does not hold'],
    ['if (old > size) {', 'if (false) {', 'tells of a fork, of a log that was rolled back'],
    ['seen.set(couponId, from)', '', 'asks about each new checkpoint'],
  ],
}
const asking: MutantsOf = {
  ...asked,
  file: 'src/issuer/proof/witnesses.ts',
  mutants: [
    ['told.get(about) !== outcome', 'outcome', 'asks again after a failure'],
    [
      'clock.monotonic() + askAgainMs })',
      'clock.monotonic() + 60_000 })',
      'asks again after a failure',
    ],
  ],
}

const behind = 'tell how far it is behind while it cannot write'
const watched: MutantsOf = {
  file: 'src/issuer/claims-consumer-metrics.ts',
  test: 'src/issuer/proof/proof-metrics.test.ts',
  mutants: [
    ['Math.max(0, end - next)', '0', behind],
    ['for (const code of portErrorCodes) waiting.inc({ code }, 0)', '', behind],
    ['return ({ code }) => waiting.inc({ code })', 'return () => {}', behind],
  ],
}
const counted: MutantsOf = {
  ...watched,
  file: 'src/issuer/proof/proof-consumer.ts',
  mutants: [
    ['observe?.applied(leavesIn(made))', '', behind],
    ['parts.observe?.published(checkpoints.length)', '', behind],
  ],
}

const begun = 'src/issuer/proof/kept-fold.test.ts'
const kept: MutantsOf[] = [
  {
    file: 'src/snapshots/restored-fold.ts',
    test: begun,
    mutants: [
      ['?.next ?? 0) > most', '?.next ?? 0) > most && false', 'wherever both were stopped'],
      ['else return parts', 'else break', 'takes of what goes further than its trees'],
    ],
  },
  {
    file: 'src/snapshots/winners-in-rows.ts',
    test: begun,
    mutants: [['?.offset === lastOffset', '?.offset !== -1', 'where the rows have others']],
  },
  {
    file: 'src/issuer/proof/kept-fold.ts',
    test: begun,
    mutants: [
      ['const triesMax = 2', 'const triesMax = 1', 'once more where it was replaced'],
      ['      kept.onPutAside(messageOf(error))\n', '', 'of another log, and says so'],
    ],
  },
  {
    file: 'src/issuer/proof/proof-fold.ts',
    test: begun,
    mutants: [
      ['coupon?.winners instanceof AwayWinners', 'false', 'who were not kept'],
      ['command.offset < next', 'command.offset <= next', 'wherever both were stopped'],
    ],
  },
  {
    file: 'src/issuer/proof/proof-consumer.ts',
    test: begun,
    mutants: [['restored?.places[partition]?.next ?? start', 'start', 'than its trees']],
  },
]

const witnessing = [witnesses, cosignatures, asked, asking]
const ofSales = [sales, wholeSales, saved, held, receipts]
const ofPages = [pages, standIns]
const parts = [leaves, users, checkpoints, notes, trees, ...ofSales, ...ofPages, arrivals]
const ofMetrics = [watched, counted]
export const proofMutants = mutantsOf([...parts, ...witnessing, ...ofMetrics, ...kept])
