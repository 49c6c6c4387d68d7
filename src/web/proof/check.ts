// Checks a whole sale in a browser, by the code that `firstcome verify` runs, from the public calls
// alone. Says how far it is, and at the end what is proved, or what is wrong; and makes the file
// that the command makes with `--save`, where that is wanted.

import { readReceipt } from '../../domain/proof/receipt.ts'
import { beginCheck, endCheck, type SaleCheck, takePage } from '../../domain/proof/sale-check.ts'
import { formatVerifierKey } from '../../domain/proof/signed-note.ts'
import { keysIn } from './keys.ts'
import {
  type Asked,
  CheckFailure,
  type Done,
  type Outcome,
  type Place,
  type Proved,
  SaleFault,
} from './outcome.ts'
import { saleCalls } from './sale-calls.ts'
import { type SaleFile, saleFile } from './sale-file.ts'
import { withSignatures } from './signatures.ts'

export type OnProgress = (taken: number, size: number) => void

export async function checkSale(asked: Asked, onProgress: OnProgress): Promise<Done> {
  let note: string | null = null
  const told = (outcome: Outcome): Done => ({ outcome, file: null })
  try {
    const { couponId, task } = asked
    const receipt = asked.receipt.trim() === '' ? undefined : readReceipt(asked.receipt)
    if (receipt === null) throw new CheckFailure('noReceipt')
    const calls = saleCalls(couponId)
    const isOwnKey = asked.key.trim() === ''
    const keys = keysIn(isOwnKey ? await calls.key() : asked.key)
    const checkpoint = await calls.checkpoint()
    note = checkpoint
    const { made: check, isChecked } = await withSignatures((holds) =>
      beginCheck({ couponId, keys, checkpoint, receipt, holds }),
    )
    const { opened } = check
    const head = opened && { couponId, key: formatVerifierKey(opened.key), checkpoint }
    const saving = task === 'save' && head !== null ? saleFile(head) : null
    if (opened !== null) await takeAll(check, { calls, saving, onProgress })
    const faults = endCheck(check)
    const proved = provedBy(check, { isOwnKey, isChecked })
    const file = (await saving?.end()) ?? null
    if (faults.length > 0 || proved === null) {
      const leftOut = check.entryFaultsLeftOut
      return { outcome: { kind: 'wrong', faults, leftOut, note }, file }
    }
    return { outcome: { kind: 'holds', proved, note }, file }
  } catch (error) {
    if (error instanceof SaleFault) {
      return told({ kind: 'wrong', faults: [error.fault], leftOut: 0, note })
    }
    if (!(error instanceof CheckFailure)) throw error
    return told({ kind: 'failed', word: error.word, status: error.status })
  }
}

type Taking = {
  calls: ReturnType<typeof saleCalls>
  saving: SaleFile | null
  onProgress: OnProgress
}

async function takeAll(check: SaleCheck, { calls, saving, onProgress }: Taking): Promise<void> {
  const size = check.opened?.checkpoint.size ?? 0
  onProgress(0, size)
  for await (const page of calls.pages(size)) {
    const fault = takePage(check, page)
    if (fault !== null) throw new SaleFault(fault)
    saving?.add(page)
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
