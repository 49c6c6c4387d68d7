// Checks a whole sale in a browser, by the code that `firstcome verify` runs, from the public calls
// alone. Says how far it is, and at the end what is proved, or what is wrong.

import { readReceipt } from '../../domain/proof/receipt.ts'
import { beginCheck, endCheck, type SaleCheck, takePage } from '../../domain/proof/sale-check.ts'
import {
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
} from '../../domain/proof/signed-note.ts'
import {
  type Asked,
  CheckFailure,
  type Outcome,
  type Place,
  type Proved,
  SaleFault,
} from './outcome.ts'
import { saleCalls } from './sale-calls.ts'
import { withSignatures } from './signatures.ts'

export type OnProgress = (taken: number, size: number) => void

export async function checkSale(asked: Asked, onProgress: OnProgress): Promise<Outcome> {
  let note: string | null = null
  try {
    const { couponId } = asked
    const receipt = asked.receipt.trim() === '' ? undefined : readReceipt(asked.receipt)
    if (receipt === null) throw new CheckFailure('noReceipt')
    const calls = saleCalls(couponId)
    const isOwnKey = asked.key.trim() === ''
    const keys = keysIn(isOwnKey ? await calls.keys() : asked.key)
    const checkpoint = await calls.checkpoint()
    note = checkpoint
    const { made: check, isChecked } = await withSignatures((holds) =>
      beginCheck({ couponId, keys, checkpoint, receipt, holds }),
    )
    if (check.opened !== null) await takeAll(check, { calls, onProgress })
    const faults = endCheck(check)
    const proved = provedBy(check, { isOwnKey, isChecked })
    if (faults.length > 0 || proved === null) {
      return { kind: 'wrong', faults, leftOut: check.entryFaultsLeftOut, note }
    }
    return { kind: 'holds', proved, note }
  } catch (error) {
    if (error instanceof SaleFault) {
      return { kind: 'wrong', faults: [error.fault], leftOut: 0, note }
    }
    if (!(error instanceof CheckFailure)) throw error
    return { kind: 'failed', word: error.word, status: error.status }
  }
}

/** Several where a key was changed: one a line. */
function keysIn(text: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const keys = lines.map((line) => parseVerifierKey(line.trim()))
  const known = keys.filter((key) => key !== null)
  if (known.length > 0 && known.length === keys.length) return known
  throw new CheckFailure('noKey')
}

type Taking = { calls: ReturnType<typeof saleCalls>; onProgress: OnProgress }

async function takeAll(check: SaleCheck, { calls, onProgress }: Taking): Promise<void> {
  const size = check.opened?.checkpoint.size ?? 0
  onProgress(0, size)
  for await (const page of calls.pages(size)) {
    const fault = takePage(check, page)
    if (fault !== null) throw new SaleFault(fault)
    onProgress(check.tree.size, size)
  }
}

function provedBy(
  check: SaleCheck,
  { isOwnKey, isChecked }: { isOwnKey: boolean; isChecked: boolean },
): Proved | null {
  const { opened } = check
  if (opened === null) return null
  const { winners, ...sale } = check.sale
  return {
    size: opened.checkpoint.size,
    root: opened.checkpoint.root.toString('base64'),
    key: formatVerifierKey(opened.key),
    isOwnKey,
    isSignatureChecked: isChecked,
    others: opened.note.signatures.length - 1,
    sale: { ...sale, issued: winners.size },
    place: placeIn(check),
  }
}

function placeIn({ receipt, held, own, sale }: SaleCheck): Place | null {
  if (receipt === null || held === null) return null
  const { userId, who } = receipt
  const claims = own.map(({ n, outcome }) => ({ n, outcome }))
  return { userId, who, size: held.size, claims, slot: sale.winners.get(who) ?? null }
}
