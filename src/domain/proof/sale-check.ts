// The verification of a whole sale, from public data only: what signed checkpoint stands for it,
// whether the entries make its root, whether each of them follows from those before it, and where a
// receipt stands in it. Pure: whoever has the data feeds it line by line.

import { type Checkpoint, type Opened, type Opening, openCheckpoint } from './checkpoint.ts'
import { type Leaf, readLeaf } from './read-leaf.ts'
import { type Receipt, receiptFaults } from './receipt.ts'
import { newSale, type Sale, takeLeaf } from './sale.ts'
import type { VerifierKey } from './signed-note.ts'
import { type Told, told } from './told.ts'
import { appendLeaf, emptyTree, type GrowingTree, leafHash, rootOf } from './tree.ts'

export type SaleParts = Opening & {
  /** The signed note. */
  checkpoint: string
  receipt?: Receipt | undefined
}
export type ClaimLeaf = Leaf & { kind: 'claim' }
export type SaleCheck = {
  /** The checkpoint of the sale and that of the receipt; null: not to be trusted. */
  opened: Exclude<Opened, { fault: Told }> | null
  held: Checkpoint | null
  /** That has signed the checkpoint of the receipt: maybe the one before. */
  heldKey: VerifierKey | null
  receipt: Receipt | null
  tree: GrowingTree
  sale: Sale
  /** The root at the size of the receipt's checkpoint, once the tree has had it. */
  heldRoot: Buffer | null
  /** The claims of the receipt's `who` below that size. */
  own: ClaimLeaf[]
  /** Of checkpoint and receipt, and of the entries. */
  faults: Told[]
  entryFaults: Told[]
  entryFaultsLeftOut: number
}

/** After the first things that are wrong the others mostly follow from them. */
const faultsToldMax = 5

/** Its checkpoint says how many lines it must be given with `takeLine`. */
export function beginCheck(parts: SaleParts): SaleCheck {
  const { couponId, receipt = null } = parts
  const faults: Told[] = []
  const opened = openCheckpoint(parts.checkpoint, parts)
  if ('fault' in opened) faults.push(told('ofCheckpoint', opened))
  const held = receipt === null ? null : openCheckpoint(receipt.checkpoint, parts)
  if (held !== null && 'fault' in held) faults.push(told('ofReceiptCheckpoint', held))
  if (receipt !== null && receipt.couponId !== couponId) {
    faults.push(
      told('ofReceipt', { fault: told('receiptOfOther', { couponId: receipt.couponId }) }),
    )
  }
  const tree = emptyTree()
  return {
    opened: 'fault' in opened ? null : opened,
    held: held === null || 'fault' in held ? null : held.checkpoint,
    heldKey: held === null || 'fault' in held ? null : held.key,
    receipt,
    tree,
    sale: newSale(),
    own: [],
    faults,
    heldRoot: rootOf(tree),
    entryFaults: [],
    entryFaultsLeftOut: 0,
  }
}

/** Whole lines, as many as come at once; what is told is why no more can be taken. */
export function takePage(check: SaleCheck, page: string): Told | null {
  const size = check.opened?.checkpoint.size ?? 0
  for (let begin = 0; begin < page.length; ) {
    const end = page.indexOf('\n', begin)
    if (check.tree.size === size) return told('tooManyEntries', { size })
    takeLine(check, page.slice(begin, end))
    begin = end + 1
  }
  return null
}

/** The next entry, without its line end. Changes the check in place. */
export function takeLine(check: SaleCheck, line: string): void {
  const { tree, sale, held, receipt } = check
  const n = tree.size
  const heldSize = held?.size ?? 0
  appendLeaf(tree, leafHash(line))
  if (tree.size <= heldSize) check.heldRoot = tree.size === heldSize ? rootOf(tree) : null
  const leaf = readLeaf(line, n)
  const fault = 'fault' in leaf ? leaf.fault : takeLeaf(sale, leaf)
  if (fault !== null && check.entryFaults.length < faultsToldMax) {
    check.entryFaults.push(told('ofEntry', { n, fault }))
  } else if (fault !== null) check.entryFaultsLeftOut += 1
  if ('fault' in leaf || leaf.kind !== 'claim' || n >= heldSize) return
  if (leaf.who === receipt?.who) check.own.push(leaf)
}

/** All that is wrong; nothing: the sale is as its checkpoint says. */
export function endCheck(check: SaleCheck): Told[] {
  const { opened, held, receipt, tree, own, faults } = check
  if (opened === null) return faults
  const { size, root } = opened.checkpoint
  const ofTree: Told[] = []
  if (size === 0) ofTree.push(told('ofCheckpoint', { fault: told('noEntries') }))
  else if (tree.size < size) {
    ofTree.push(told('fewEntries', { entries: tree.size, size }))
  } else if (!rootOf(tree).equals(root)) {
    ofTree.push(told('otherRoot', { size }))
  }
  const ofReceipt =
    receipt === null || held === null
      ? []
      : receiptFaults(receipt, {
          checkpoint: held,
          root: tree.size < held.size ? null : check.heldRoot,
          claims: own.map(({ n }) => n),
        })
  const wrong = ofReceipt.slice(0, faultsToldMax).map((fault) => told('ofReceipt', { fault }))
  return [...faults, ...ofTree, ...wrong, ...check.entryFaults]
}
