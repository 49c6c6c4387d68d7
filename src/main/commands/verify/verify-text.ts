// What a verification says to people: what was proved, what was not, or what is wrong.

import type { Sale } from '../../../domain/proof/sale.ts'
import type { SaleCheck } from '../../../domain/proof/sale-check.ts'
import type { VerifierKey } from '../../../domain/proof/signed-note.ts'
import { formatVerifierKey } from '../../../domain/proof/signed-note.ts'
import { inWords } from '../../../domain/proof/told.ts'
import { formatInstant } from '../../../domain/time.ts'
import { printable } from '../../context.ts'
import { witnessedText } from './witnessed.ts'

export type Verified = {
  couponId: string
  check: SaleCheck
  key: VerifierKey
  isOwnKey: boolean
  /** Those that are trusted. */
  witnesses: readonly VerifierKey[]
}

export function provedText(verified: Verified): string {
  const { couponId, check, key, isOwnKey } = verified
  const { sale, tree } = check
  const { proved, unproved } = witnessedOf(verified)
  const lines = [
    `The sale of coupon ${couponId} (${sale.name}) is what its checkpoint says.`,
    '',
    'Proved:',
    `  ${tree.size} entries make the root that ${key.name} has signed.`,
    `  The key is ${isOwnKey ? ownKey : 'the one that you trust'}: ${formatVerifierKey(key)}`,
    ...proved.map((text) => `  ${text}`),
    `  ${winnersText(sale)}`,
    `  ${claimsText(sale)}`,
    `  Every act of the operator and of time, ${acts(sale)} in all, where it happened:`,
    ...sale.acts.map((act) => `    ${inWords(act)}`),
    ...(sale.actsLeftOut > 0 ? [`    and ${sale.actsLeftOut} more, all checked`] : []),
    ...(sale.ignored > 0 ? [`  Acts that were refused or changed nothing: ${sale.ignored}.`] : []),
    ...placeLines(check),
    '',
    'Not proved, and not to be proved from this:',
    '  that two "who" are two people: one person may have two accounts, two people one;',
    '  what happened before the log: claims that never reached it, or were refused from memory;',
    '  that the clock of the log was right;',
    ...unproved.map((text) => `  ${text}`),
    '  that everybody is shown this tree: compare saved checkpoints, or have witnesses sign them.',
    ...(sale.hasAudience ? ['  who belongs to the audience: the service says so by tokens.'] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function witnessedOf({ check: { opened }, witnesses }: Verified) {
  if (opened === null) return { proved: [], unproved: [] }
  const { proved, unproved } = witnessedText(opened.note, witnesses)
  const others = opened.note.signatures.length - 1 - proved.length
  const more = `${others} more signatures stand beside it, not checked here.`
  return { proved: others > 0 ? [...proved, more] : proved, unproved }
}

const ownKey =
  'the one that the service gives itself (compare it with one that you have from elsewhere, --key)'

const acts = (sale: Sale) => sale.acts.length + sale.actsLeftOut

function winnersText({ winners, quantity, status, paused, at }: Sale): string {
  const issued = winners.size
  const state = paused && status === 'open' ? 'paused' : status
  const all = issued === quantity ? `all ${quantity}` : `${issued} of ${quantity}`
  const slots = issued === 0 ? 'no slots' : `slots 1 to ${issued}`
  return (
    `Issued: ${all}, to the first different eligible askers in the order of the log, ${slots}, ` +
    `and to nobody else; ${state} at ${formatInstant(at)}.`
  )
}

function claimsText({ claims }: Sale): string {
  const told = Object.entries(claims).filter(([, count]) => count > 0)
  const parts = told.map(([outcome, count]) => `${count} ${outcome}`)
  return `Claims, each with the outcome that those before it make: ${parts.join(', ') || 'none'}.`
}

function placeLines({ receipt, held, heldKey, opened, own, sale }: SaleCheck): string[] {
  if (receipt === null || held === null) return []
  const { userId, who } = receipt
  const isOther = heldKey !== null && heldKey.id !== opened?.key.id
  const by = isOther ? `, signed by another key that you trust (${heldKey.id})` : ''
  const size = `${held.size}${by}`
  const place = `  Your receipt (${userId}, ${who}) is of this tree, at its size ${size}: `
  const { winners } = sale
  const slot = winners.get(who)
  if (own.length === 0) {
    return [`${place}no claim of yours is below it.`, ...refusedBeforeLog(sale)]
  }
  const told = own.map(({ n, outcome }) => `entry ${n} ${outcome}`).join(', ')
  return [`${place}${told}.`, slot === undefined ? '  You won no slot.' : `  Your slot is ${slot}.`]
}

function refusedBeforeLog({ winners, quantity, status }: Sale): string[] {
  if (status === 'closed') return ['  The coupon is closed: who asks after that is not recorded.']
  return winners.size >= quantity ? ['  All were gone: who asks after that is not recorded.'] : []
}

export function wrongText(couponId: string, faults: readonly string[], leftOut: number): string {
  const lines = [
    `The sale of coupon ${couponId} does not hold:`,
    ...faults.map((fault) => `  ${fault}`),
    ...(leftOut > 0 ? [`  and ${leftOut} more entries that do not follow`] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}
