// What is asked of a check, and what it says: data alone, which goes from one thread to the other.

import type { LeafOutcome } from '../../domain/proof/read-leaf.ts'
import type { Sale } from '../../domain/proof/sale.ts'
import type { Told } from '../../domain/proof/told.ts'

/** `save`: a check that also makes the file of the sale. */
export type Task = 'check' | 'save' | 'compare'
/** Texts as they were typed or pasted; empty: there is none. `saved`: a checkpoint. */
export type Asked = { task: Task; couponId: string; receipt: string; key: string; saved: string }
export type Done = { outcome: Outcome; file: Blob | null }
export type Report = { kind: 'progress'; taken: number; size: number } | ({ kind: 'done' } & Done)

export type Outcome =
  | { kind: 'holds'; proved: Proved; note: string }
  | { kind: 'goesOn'; held: Held; note: string }
  | { kind: 'wrong'; faults: readonly Told[]; leftOut: number; note: string | null }
  | { kind: 'failed'; word: FailureWord; status: string }

export type SaleFacts = Omit<Sale, 'winners'> & { issued: number }
export type Proved = {
  size: number
  root: string
  key: string
  /** Whether the key is the one that the service gives itself. */
  isOwnKey: boolean
  /** Whether this browser could check the signature. */
  isSignatureChecked: boolean
  /** Signatures beside it. */
  others: number
  sale: SaleFacts
  place: Place | null
}
/** Of who has a receipt. */
export type Place = {
  userId: string
  who: string
  /** Of the receipt's checkpoint. */
  size: number
  claims: readonly { n: number; outcome: LeafOutcome }[]
  slot: number | null
}

/** Of a checkpoint that was saved, and the one of now. */
export type Held = {
  size: number
  now: number
  key: string
  isOwnKey: boolean
  isSignatureChecked: boolean
}

export type FailureWord =
  | 'unreachable'
  | 'refused'
  | 'noProof'
  | 'noReceipt'
  | 'noSaved'
  | 'noKey'
  | 'broken'

/** It could not be checked, which says nothing of the sale. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure'
  readonly word: FailureWord
  readonly status: string

  constructor(word: FailureWord, status = '') {
    super(word)
    this.word = word
    this.status = status
  }
}

/** What was given of the sale is not what it must be. */
export class SaleFault extends Error {
  override readonly name = 'SaleFault'
  readonly fault: Told

  constructor(fault: Told) {
    super(fault.says)
    this.fault = fault
  }
}
