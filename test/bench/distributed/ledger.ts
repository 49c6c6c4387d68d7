// Judges a sale: what the clients were told, beside the rows that are there in the end. It knows
// nothing of how a build works. An answer that is neither yes nor no, or that never came, is
// unknown, and proves nothing.

/** In the order of the answers, `user` being a number of the load. */
export type Answer = { user: number; status: number; slot: number | null }
export type Row = { user: number; slot: number }
export type Sale = {
  quantity: number
  /** Users 0 … users − 1 asked, each at least once. */
  users: number
  answers: readonly Answer[]
  rows: readonly Row[]
}
export type Judgement = {
  answers: number
  /** Different users. */
  toldYes: number
  rows: number
  // I1
  rowsTooMany: number
  // I2
  yesWithoutRow: number
  yesWithOtherSlot: number
  // I3
  usersTwice: number
  // I4
  slotsMissing: number
  slotsTwice: number
  // I5
  noWithRow: number
  changedAnswers: number
  // I6
  slotsLeaked: number
  /** Neither yes nor no. */
  unknown: number
}

const yes = 201
/** To one who was told before: it adds nothing, except where it names a slot. */
const again = 200
const no = 409

export function judge({ quantity, users, answers, rows }: Sale): Judgement {
  const told = toldByUser(answers)
  const holders = new Map<number, Set<number>>()
  for (const { user, slot } of rows) {
    holders.set(user, (holders.get(user) ?? new Set()).add(slot))
  }
  const winners = [...told].filter(([, { saidYes }]) => saidYes)
  const counted = (isSo: (user: number, it: Told) => boolean) =>
    [...told].filter(([user, it]) => isSo(user, it)).length
  const slots = new Set(rows.map(({ slot }) => slot))
  const slotMax = Math.min(rows.length, quantity)
  return {
    answers: answers.length,
    toldYes: winners.length,
    rows: rows.length,
    rowsTooMany: Math.max(0, rows.length - quantity),
    yesWithoutRow: counted((user, { saidYes }) => saidYes && !holders.has(user)),
    yesWithOtherSlot: counted((user, { slot }) => {
      const held = holders.get(user)
      return slot !== null && held !== undefined && !held.has(slot)
    }),
    usersTwice: rows.length - holders.size,
    slotsMissing: Array.from({ length: slotMax }, (_, n) => n + 1).filter((n) => !slots.has(n))
      .length,
    slotsTwice: rows.length - slots.size,
    noWithRow: counted((user, { lastNo }) => lastNo && holders.has(user)),
    changedAnswers: counted((_, { changed }) => changed),
    slotsLeaked: Math.max(0, Math.min(quantity, users) - rows.length),
    unknown: answers.filter(({ status }) => ![yes, again, no].includes(status)).length,
  }
}

type Told = { saidYes: boolean; lastNo: boolean; changed: boolean; slot: number | null }

function toldByUser(answers: readonly Answer[]): Map<number, Told> {
  const told = new Map<number, Told>()
  for (const { user, status, slot } of answers) {
    const before = told.get(user) ?? { saidYes: false, lastNo: false, changed: false, slot: null }
    told.set(user, {
      saidYes: before.saidYes || status === yes,
      lastNo: status === no || (before.lastNo && status !== yes),
      // A no may become a yes by a restock, and there is none here; a yes never becomes a no.
      changed:
        before.changed ||
        (before.saidYes && status === no) ||
        (before.lastNo && status === yes) ||
        (slot !== null && before.slot !== null && slot !== before.slot),
      slot: slot ?? before.slot,
    })
  }
  return told
}

const promises: readonly [string, readonly (keyof Judgement)[]][] = [
  ['I1', ['rowsTooMany']],
  ['I2', ['yesWithoutRow', 'yesWithOtherSlot']],
  ['I3', ['usersTwice']],
  ['I4', ['slotsMissing', 'slotsTwice']],
  ['I5', ['noWithRow', 'changedAnswers']],
  ['I6', ['slotsLeaked']],
]

/** The invariants (I1–I6) that this sale broke. */
export function broken(judgement: Judgement): string[] {
  return promises.flatMap(([name, figures]) =>
    figures.some((figure) => judgement[figure] > 0) ? [name] : [],
  )
}
