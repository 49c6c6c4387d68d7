// Mutants of who carries orders through: positions and attempts of records, what the steps do with
// a batch, wallets, the provider, and dead letters.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const consumer = 'src/consumer'
const entries: MutantsOf = {
  file: `${consumer}/entries.ts`,
  test: `${consumer}/entries.test.ts`,
  mutants: [
    ['record.offset < queue.next', 'record.offset <= queue.next', 'one behind its last record'],
    ['attempts >= attemptsMax', 'attempts > attemptsMax', 'for the 3. time is a dead letter'],
    ['entry.strict || entry', 'entry', 'of a topic in strict order is a dead letter at once'],
    ['(note?.attempts ?? 0) + 1', '(note?.attempts ?? 1)', 'for the 2. time is tried again'],
    ['last.offset + 1', 'last.offset', 'is one behind its last record'],
    ['note?.redrives ?? 0', '0', 'keeps how often it was tried and re-driven'],
    ['note?.consumer !== name', 'note === null', 'is nobody’s but that consumer’s'],
    ['Math.min(queue.published, next)', 'queue.published', 'that more is published than is stored'],
    ['?.record.offset ?? next', ' ? next : next', 'up to the first record from which something'],
    ['recordFingerprint(last)', "'x'", 'is one behind its last record, which it names'],
    ['expected: next }', 'expected: next + 1 }', 'is checked against where it stood'],
  ],
}
const batches: MutantsOf[] = [
  {
    file: `${consumer}/batch-handler.ts`,
    test: `${consumer}/consumer.test.ts`,
    mutants: [
      ["if (done === 'fenced') throw new Fenced()", '', 'once another has moved its positions'],
      ['await this.send(entries)', '', 'make bytes that are no record a dead letter at once'],
    ],
  },
  {
    file: `${consumer}/consumer.ts`,
    test: `${consumer}/two-loops.test.ts`,
    mutants: [['createSlots(1)', 'createSlots(2)', 'is what counts where it is stored later']],
  },
  {
    file: `${consumer}/batch-handler.ts`,
    test: `${consumer}/lone-order.test.ts`,
    mutants: [
      [' || (isSound(queue) && queue.tries > 0)', '', 'its clean end takes that away'],
      ['...beside.filter(isUnmarked)', '', 'marks once that it is at work'],
      ['entries.every((entry) => entry.isPatient)', 'true', 'with others what nobody waits for'],
    ],
  },
  {
    file: `${consumer}/partition-queue.ts`,
    test: `${consumer}/lone-order.test.ts`,
    mutants: [
      ['one.readAt + one.patienceMs', 'one.readAt', 'is taken in few transactions'],
      ['Math.min(...waiting', 'Math.max(...waiting', 'is confirmed without a wait for company'],
    ],
  },
  {
    file: 'src/orders/order-process.ts',
    test: `${consumer}/lone-order.test.ts`,
    mutants: [
      ['deadline.at = orderIds.length === 0 ? later : now', '', 'asked while nothing happens'],
      ['this.task.wake(sweepEveryMs)', '{}', 'is ended by its time'],
    ],
  },
  {
    file: `${consumer}/batch-handler.ts`,
    test: `${consumer}/broken-table.test.ts`,
    mutants: [
      [
        'this.blamed > blamedInARowMax',
        'this.blamed >= blamedInARowMax',
        'after some that were blamed one behind the other, and no others are buried',
      ],
    ],
  },
]
const part = 'src/orders'
const work: MutantsOf[] = [
  {
    file: `${part}/step-work.ts`,
    test: `${part}/step-work.test.ts`,
    mutants: [
      ['results.get(item) ?? take(item)', 'take(item)', 'take what is supplied before orders'],
      [
        "if (commands.get(key) !== undefined) return { kind: 'dropped', publish: [] }",
        '',
        'take a command once',
      ],
      [
        "case 'ignored':\n",
        "case 'ignored':\n    case 'contradiction':\n",
        'what contradicts them',
      ],
    ],
  },
  {
    file: `${part}/wallet.ts`,
    test: `${part}/wallet.test.ts`,
    mutants: [
      ['balances.put(userId, balance + add)', '{}', 'share one balance, in their order'],
      ['charged.get(orderId)?.charge ?? ', '', 'are charged once, and given back'],
      [' - unsettledOf(before)', '', 'wait for what may come back, and are refused where even'],
    ],
  },
  {
    file: `${part}/order-process.ts`,
    test: `${part}/order-process.test.ts`,
    mutants: [
      ['unannounced: true }', 'unannounced: false }', 'that this is not published yet'],
      ["outcome === 'contradiction') throw", "outcome === 'conflict') throw", 'puts aside what'],
      [
        'if (this.known.isOfRecord && at <= this.now()) return',
        '',
        'goes on from the latest record, and neither back nor by a wall clock',
      ],
      [
        'isRepeated !== true && (source?.attempts ?? 0) === 0',
        'isRepeated !== true',
        'takes no record that is read again, or tried again, for the time it is',
      ],
      ['if (!this.known.isOfRecord) this', 'this', 'neither back nor by a wall clock'],
    ],
  },
]
const payments: MutantsOf[] = [
  {
    file: `${part}/payment-asking.ts`,
    test: `${part}/payment-step.test.ts`,
    mutants: [
      ['isFinal || attempts', 'attempts', 'makes an answer that contradicts what is stored'],
      ['const attempts = before + 1', 'const attempts = before', 'lets the record be tried again'],
      [' && !this.putOff.has(orderId)', '', 'asks about the others first, however many wait'],
      ["status === 'asked' ? 'capture' : 'undo'", "'capture'", 'gives back what a cancelled order'],
    ],
  },
  {
    file: `${part}/payment-asking.ts`,
    test: 'test/simulation/waiting-orders.test.ts',
    mutants: [[' || this.mayAnswer', '', 'without money is told so in no time']],
  },
  {
    file: `${part}/wallet.ts`,
    test: `${part}/wallet.test.ts`,
    mutants: [
      ['!waits.has(orderId)', 'true', 'refused before they are read as far as they went'],
      ['unread?.clear()', '', 'asked again where it was away, and by another session'],
      ['isUnread ? [userId] : []', '[userId]', 'who has enough costs no question'],
    ],
  },
  {
    file: `${part}/payment-asking.ts`,
    test: `${part}/payment-contradictions.test.ts`,
    mutants: [
      [
        "answer.kind === 'refused' ? { ...answer, ...doubt } : answer",
        'answer',
        'is asked to undo what a process that ended may have asked',
      ],
    ],
  },
  {
    file: `${part}/payment-step.ts`,
    test: `${part}/payment-step.test.ts`,
    mutants: [
      ['settled.push(message.orderId)', '', 'refuses what waited for money as soon as its order'],
    ],
  },
  {
    file: `${part}/payment-step.ts`,
    test: `${part}/payment-at-once.test.ts`,
    mutants: [
      ["answer.kind !== 'not_now'", 'true', 'what money that may come back would pay'],
      ['before === undefined && effect', 'effect', 'what an earlier version has asked'],
      ['mayHaveMore: () => true', 'mayHaveMore: () => false', 'asks about who has too little'],
    ],
  },
  {
    file: `${part}/payment-step.ts`,
    test: `${part}/payment-contradictions.test.ts`,
    mutants: [
      [' || (source?.redrives ?? 0) === 0', '', 'until people have tried it again'],
      [
        'if (answered.failure.inDoubt === true) rows.put(orderId, inDoubt(bare))',
        '',
        'is asked to undo it, and where nothing comes back the refusal stands',
      ],
    ],
  },
  {
    file: `${part}/coupon-step.ts`,
    test: `${part}/coupon-step.test.ts`,
    mutants: [
      ["isReleased = kind === 'release'", 'isReleased = false', 'what a cancelled one let go of'],
      ["isKept: kind === 'keep'", 'isKept: false', 'refuses what a confirmed order has spent'],
    ],
  },
]
const letters: MutantsOf = {
  file: `${part}/dead-letters.ts`,
  test: `${part}/dead-letters.test.ts`,
  mutants: [
    ['name !== null && before === null', 'name !== null', 'does not do later what it refused'],
    ['redrive === null ? []', 'redrive !== null ? []', 'gives a re-driven record back, once'],
  ],
}

export const consumerMutants = mutantsOf([entries, ...batches, ...work, ...payments, letters])
