// One question to a witness: the newest checkpoint of a coupon, with the proof that it goes on from
// what the witness has seen. An answer counts only if its signature holds.

import { cosignatureIn, isCosignedBy } from '../../domain/proof/cosignature.ts'
import { madeFrom } from '../../domain/proof/kept-nodes.ts'
import { type Note, parseNote, signatureLine } from '../../domain/proof/signed-note.ts'
import { consistencyProof } from '../../domain/proof/tree.ts'
import { formatAddCheckpoint } from '../../domain/proof/witness.ts'
import { messageOf } from '../../ports/port-error.ts'
import type { ProofReader, ProofStore, PublishedCheckpoint } from '../../ports/proof.ts'
import type { Witness } from '../../ports/witness.ts'
import type { CheckpointsParts } from './checkpoints.ts'

export type CouponPlace = Pick<PublishedCheckpoint, 'couponId' | 'partition'>
export type AskingParts = {
  reader: Pick<ProofReader, 'head' | 'leaves' | 'nodes'>
  store: Pick<ProofStore, 'publish'>
  keep: CheckpointsParts['keep']
  /** Of the checkpoints. */
  signer: string
  signal: AbortSignal
}
/** `seen`: how far this witness is, by coupon, as far as that is known. */
export type Asking = AskingParts & { witness: Witness; seen: Map<string, number> }
/** `why`: in words that follow the name of the witness. */
export type Asked = { outcome: WitnessOutcome; why: string }

export const witnessOutcomes = [
  'cosigned',
  'away', // no answer in time
  'refused', // by a status that says neither yes nor from where to ask
  'other_tree', // it says that it has seen another tree than this one
  'ahead', // it has seen more entries than are published
  'false_signature', // what it answered does not hold
  'not_asked', // the tree is made again, or cannot be read or written
] as const
export type WitnessOutcome = (typeof witnessOutcomes)[number]

/** Each answer that names another size costs a question more. */
const triesMax = 3

/** Null: there is nothing to ask. Never rejects. */
export async function askOne(asking: Asking, coupon: CouponPlace): Promise<Asked | null> {
  const { couponId } = coupon
  try {
    const { size: made, checkpoint } = await asking.reader.head(couponId, asking.signer)
    const note = checkpoint === null ? null : parseNote(checkpoint.note)
    if (checkpoint === null || note === null || isCosignedBy(note, asking.witness.key)) return null
    const { size } = checkpoint
    if (made < size) return { outcome: 'not_asked', why: `waits for the tree of ${couponId}` }
    return await askUntilTold(asking, { ...coupon, size, note })
  } catch (error) {
    const why = `is not asked about ${couponId}: ${messageOf(error)}`
    return { outcome: 'not_asked', why }
  }
}

type Shown = CouponPlace & { size: number; note: Note }

async function askUntilTold(asking: Asking, shown: Shown): Promise<Asked> {
  const { seen, signal, witness } = asking
  const { couponId, size } = shown
  for (let tries = 1; ; tries += 1) {
    const old = seen.get(couponId) ?? 0
    if (old > size) {
      seen.delete(couponId)
      const why = `has seen ${old} entries of ${couponId}, and ${size} are published here`
      return { outcome: 'ahead', why }
    }
    const proof = await consistency(asking, couponId, { old, size })
    const body = formatAddCheckpoint({ old, proof, note: signedByLog(shown.note) })
    const answer = await witness.ask(body, signal).catch(messageOf)
    if (typeof answer === 'string') return { outcome: 'away', why: answer }
    const told = answer.status === 200 ? await taken(asking, shown, answer.text) : null
    if (told !== null) return told
    const from = answer.status === 409 ? sizeIn(answer.text) : null
    if (answer.status === 422 || (from !== null && from === old)) {
      const why = `has seen another tree of ${couponId}, up to ${old} entries`
      return { outcome: 'other_tree', why }
    }
    if (from === null || tries === triesMax) {
      return { outcome: 'refused', why: `answers ${answer.status} about ${couponId}` }
    }
    seen.set(couponId, from)
  }
}

/** What it says is served only if it holds. */
async function taken(asking: Asking, shown: Shown, answer: string): Promise<Asked> {
  const { witness, signer, keep, store, seen } = asking
  const { couponId, partition, size, note } = shown
  const line = cosignatureIn(answer, note.text, witness.key)
  if (line === null) {
    const why = `answers about ${couponId} with a cosignature that does not hold`
    return { outcome: 'false_signature', why }
  }
  const cosigned = { couponId, partition, size, signer, note: signedByLog(note) + line }
  await keep([cosigned])
  await store.publish([cosigned])
  seen.set(couponId, size)
  return { outcome: 'cosigned', why: '' }
}

/** The note without what others have signed. */
function signedByLog({ text, signatures }: Note): string {
  return `${text}\n${signatures.slice(0, 1).map(signatureLine).join('')}`
}

function consistency(
  { reader }: Asking,
  couponId: string,
  { old, size }: { old: number; size: number },
): Promise<Buffer[]> {
  const tree = {
    nodes: (places: Parameters<ProofReader['nodes']>[1]) => reader.nodes(couponId, places),
    leaves: (from: number, to: number) => reader.leaves(couponId, from, to),
  }
  return madeFrom(tree, size, (nodeAt) => consistencyProof(old, size, nodeAt))
}

/** Null: it names none. */
function sizeIn(text: string): number | null {
  const size = /^(0|[1-9]\d{0,15})\n$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(size) ? size : null
}
