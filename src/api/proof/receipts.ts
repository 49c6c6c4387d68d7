// Receipts: what a user is given to hold against the sale. One is given only when the newest
// checkpoint covers all that this user was told before, and whether the coupon was gone by then;
// until that is so, a second at most, the call waits.

import { saltOf, whoOf } from '../../domain/proof/who.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import type { ProofReader } from '../../ports/proof.ts'
import { proofBehind, type Unavailable } from '../claims/claim-answers.ts'
import type { ProofParts } from '../http/server-parts.ts'
import { inclusionOfAll, type PublishedTree, publishedTree, signerOf } from './proof-reads.ts'

export type ReceiptBody = {
  couponId: string
  userId: string
  who: string
  salt: string
  entries: { n: number; leaf: string }[]
  inclusion: string[][]
  checkpoint: string
}
export type ReceiptAsked = {
  couponId: string
  userId: string
  /** All that anybody was told before lies below this offset of the coupon's partition. */
  upTo: number
  clock: Clock
}
type Given = { proof: Omit<ProofParts, 'reader'>; reader: ProofReader }

/** Longer than from a record to the checkpoint that covers it. */
const coverWaitMsMax = 2_500
const lookEveryMs = 100

export async function receiptOf(
  { proof, reader }: Given,
  asked: ReceiptAsked,
): Promise<ReceiptBody | Unavailable> {
  const { couponId, userId } = asked
  const tree = await coveringTree(reader, await signerOf(proof), asked)
  if (tree === null) return proofBehind
  const salt = saltOf(proof.secret, { couponId, userId })
  const who = whoOf(salt, userId)
  const claims = await reader.claimsOf(couponId, who)
  const entries = claims.filter(({ n }) => n < tree.size)
  return {
    couponId,
    userId,
    who,
    salt: salt.toString('base64url'),
    entries,
    inclusion: await inclusionOfAll(reader, tree, entries),
    checkpoint: tree.note,
  }
}

/** Null: not in time. */
async function coveringTree(
  reader: ProofReader,
  signer: string,
  { couponId, upTo, clock }: ReceiptAsked,
): Promise<PublishedTree | null> {
  const until = clock.monotonic() + coverWaitMsMax
  let needed: number | null = null
  for (;;) {
    const head = await reader.head(couponId, signer)
    const tree = publishedTree(couponId, head)
    if (needed === null && head.size > 0 && head.next >= upTo) needed = head.size
    if (tree !== null && needed !== null && tree.size >= needed) return tree
    if (clock.monotonic() >= until) return null
    await sleep(clock, lookEveryMs)
  }
}
