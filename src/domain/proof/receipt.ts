// A receipt: what a user was given to hold against the sale. Its checkpoint must be of the same
// tree as everyone's, its entries in it, all of them, and its own.

import { Buffer } from 'node:buffer'
import { canonicalJson, parseCanonical } from './canonical-json.ts'
import type { Checkpoint } from './checkpoint.ts'
import { decodeBase64 } from './signed-note.ts'
import { type Told, told } from './told.ts'
import { leafHash } from './tree.ts'
import { isIncluded } from './tree-proofs.ts'
import { whoOf } from './who.ts'

export type Receipt = {
  couponId: string
  userId: string
  who: string
  salt: Buffer
  /** `leaf` is the text of the leaf. */
  entries: readonly { n: number; leaf: string }[]
  inclusion: readonly (readonly Buffer[])[]
  checkpoint: string
}

/** Null: it is no receipt. */
export function readReceipt(text: string): Receipt | null {
  const value = parsed(text)
  if (value === null) return null
  const { couponId, userId, who, salt, checkpoint } = value
  const entries = listOf(value.entries, readEntry)
  const inclusion = listOf(value.inclusion, (proof) => listOf(proof, readHash))
  const texts = [couponId, userId, who, salt, checkpoint]
  if (texts.some((one) => typeof one !== 'string') || entries === null || inclusion === null) {
    return null
  }
  const saltBytes = Buffer.from(salt as string, 'base64url')
  if (saltBytes.toString('base64url') !== salt) return null
  return { ...(value as Receipt), salt: saltBytes, entries, inclusion }
}

/** What the tree has of it, up to the size of its checkpoint. */
export type SeenOfReceipt = {
  checkpoint: Checkpoint
  /** Of everyone's tree at that size; null: it is smaller than that. */
  root: Buffer | null
  /** Numbers of the claims of this `who` below that size. */
  claims: readonly number[]
}

/** What is wrong with it. */
export function receiptFaults(receipt: Receipt, seen: SeenOfReceipt): Told[] {
  const { userId, who, salt, entries } = receipt
  const { checkpoint, root } = seen
  const faults: Told[] = []
  if (whoOf(salt, userId) !== who) faults.push(told('otherWho', { userId }))
  if (root === null) {
    faults.push(told('cutBack', { size: checkpoint.size }))
  } else if (!root.equals(checkpoint.root)) {
    faults.push(told('fork', { size: checkpoint.size }))
  }
  entries.forEach((_, at) => faults.push(...entryFaults(receipt, at, checkpoint)))
  const numbers = entries.map(({ n }) => n).join(', ')
  if (root !== null && numbers !== seen.claims.join(', ')) {
    const given = numbers || told('none')
    faults.push(told('otherEntries', { given, seen: seen.claims.join(', ') || told('none') }))
  }
  return faults
}

function entryFaults(receipt: Receipt, at: number, { size, root }: Checkpoint): Told[] {
  const { n = 0, leaf = '' } = receipt.entries[at] ?? {}
  const proof = receipt.inclusion[at]
  const { who } = (parseCanonical(leaf) ?? {}) as { who?: unknown }
  const faults: Told[] = []
  if (who !== receipt.who) faults.push(told('foreignEntry', { n }))
  if (proof === undefined) faults.push(told('noInclusion', { n }))
  else if (!isIncluded({ n, size, leaf: leafHash(leaf), root, proof })) {
    faults.push(told('falseInclusion', { n }))
  }
  return faults
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : null
  } catch {
    return null
  }
}

function listOf<Item>(value: unknown, read: (item: unknown) => Item | null): Item[] | null {
  if (!Array.isArray(value)) return null
  const items = value.map(read)
  return items.includes(null) ? null : items.filter((item) => item !== null)
}

/** A leaf may stand as its text or as the object that it is. */
function readEntry(value: unknown): { n: number; leaf: string } | null {
  const { n, leaf } = (value ?? {}) as Fields
  if (!Number.isSafeInteger(n) || (n as number) < 0) return null
  if (typeof leaf === 'string') return { n: n as number, leaf }
  const text = canonical(leaf)
  return text === null ? null : { n: n as number, leaf: text }
}

function canonical(leaf: unknown): string | null {
  try {
    return canonicalJson(leaf)
  } catch {
    return null
  }
}

function readHash(value: unknown): Buffer | null {
  return typeof value === 'string' ? decodeBase64(value) : null
}
