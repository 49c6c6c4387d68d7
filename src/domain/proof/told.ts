// What a verification says: which text, and what stands in it, so that whoever shows it says it in
// a language of their own, and no language can leave a text out.

/** `{name}` stands for a value. */
const english = {
  ofCheckpoint: 'the checkpoint: {fault}',
  ofReceipt: 'the receipt: {fault}',
  ofReceiptCheckpoint: 'the receipt: its checkpoint: {fault}',
  ofSaved: 'the saved checkpoint: {fault}',
  ofEntry: 'entry {n} {fault}',
  noCheckpoint: 'it is no signed checkpoint',
  otherCoupon: 'it is of {origin}, which is not coupon {couponId}',
  otherKey: 'it is of {origin}, and the key is of {names}',
  falseSignature:
    'its signature is not by the key of {origin} that is trusted ({ids}), but by another: {by}',
  brokenSignature: 'its signature is not by the key of {origin}: it names {id}, and does not hold',
  noEntries: 'it is of no entries at all',
  fewEntries: 'there are {entries} entries, and the checkpoint is of {size}',
  tooManyEntries: 'there are more than {size} entries',
  cutLine: 'the entries end within a line',
  otherRoot: 'the {size} entries do not make the root of the checkpoint',
  receiptOfOther: 'it is of coupon {couponId}',
  otherWho: 'its "who" is not that of {userId} and its salt',
  cutBack:
    'its checkpoint has {size} entries, and this sale has fewer: it was cut back, or was saved ' +
    'before',
  fork:
    'its checkpoint is of another tree of {size} entries: somebody was shown another sale than ' +
    'everyone. Keep both, they are the evidence',
  rolledBack:
    'it is of {size} entries, and the service shows {now} now: it takes back what it has ' +
    'signed. Keep both, they are the evidence',
  sameSize:
    'it is of {size} entries, and the service shows another tree of as many. Keep both, they are ' +
    'the evidence',
  notBegun:
    'the proof that the tree of {size} entries begins the one of {now} does not hold: the ' +
    'service shows another sale now. Keep both, they are the evidence',
  otherEntries: 'its entries are {given}, and the sale has of this "who" {seen}',
  none: 'none',
  foreignEntry: 'its entry {n} is not of its "who"',
  noInclusion: 'its entry {n} has no proof',
  falseInclusion: 'the proof that entry {n} is in its checkpoint is wrong',
  notCanonical: 'is no canonical JSON object',
  otherNumber: 'says that it is number {number}',
  noTime: 'has no time as the log writes times',
  unknownKind: 'is of a kind that this program does not know',
  invalidField: 'has no valid "{field}"',
  foreignField: 'has a "{field}" that it may not have',
  slotAmiss: 'has a slot without winning, or wins without',
  editsNothing: 'edits nothing',
  revokesNeither: 'revokes neither one nor all',
  noCreation: 'is the first and creates no coupon',
  createdTwice: 'creates the coupon a second time',
  timeWentBack: 'goes back in time, from {from} to {to}',
  winsTwice: '{who} wins a second time: it has slot {slot}',
  winsLate: '{who} wins after the close',
  winsEarly: '{who} wins before the opening at {opensAt}',
  winsWhilePaused: '{who} wins while the coupon was paused',
  winsBeyond: '{who} wins beyond the quantity of {quantity}',
  otherOutcome: '{who} is told {outcome} where the entries before it make {due}',
  otherSlot: '{who} has slot {slot} where the entries before it make {due}',
  restocksLate: 'restocks after the close',
  restocksBeyond: 'restocks beyond {max}',
  pausesLate: 'is "paused" after the close',
  resumesLate: 'is "resumed" after the close',
  pausesTwice: 'is "paused" and changes nothing',
  resumesTwice: 'is "resumed" and changes nothing',
  closesTwice: 'closes what was closed',
  revokesNobody: 'revokes {who}, which has won nothing',
  editsLate: 'edits after the close',
  movesOpening: 'moves the opening to {opensAt} after it has opened',
  closesAmiss: 'leaves the close at {closesAt}, which is not after the opening and itself',
  act: 'entry {n}, {at}: {act}',
  opened: 'opened at {at}: entry {n} is the first after it',
  closedByTime: 'closed by time at {at}: entry {n} is the first after it',
  created: 'created with {quantity}, opens {opensAt}, closes {closesAt}',
  notByItself: 'not by itself',
  restocked: 'restocked by {add}, {quantity} in all',
  paused: 'paused',
  resumed: 'resumed',
  closed: 'closed by the operator',
  revokedAll: 'revoked all that were issued',
  revokedOne: 'revoked that of {who}',
  edited: 'edited: {edits}',
  editedName: 'the name is {name}',
  editedOpening: 'it opens {at}',
  editedClose: 'it closes {at}',
} as const

export type ProofText = keyof typeof english
export type ProofTexts = Readonly<Record<ProofText, string>>
export type ToldValue = string | number | Told | readonly Told[]
export type Told = { says: ProofText; values: Readonly<Record<string, ToldValue>> }

export function told(says: ProofText, values: Told['values'] = {}): Told {
  return { says, values }
}

/** In the language of the texts. */
export function inWords({ says, values }: Told, texts: ProofTexts = english): string {
  return texts[says].replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (typeof value === 'object') {
      return (Array.isArray(value) ? value : [value]).map((one) => inWords(one, texts)).join(', ')
    }
    return String(value)
  })
}
