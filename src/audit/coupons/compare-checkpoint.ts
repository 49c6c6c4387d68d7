// Holds the log against a checkpoint that somebody saved: it must be signed by our key, and the
// first records of its coupon must make its root.

import { createFold, readRecord } from '../../domain/coupons/fold.ts'
import { claimsTopic } from '../../domain/coupons/messages.ts'
import { parseCheckpoint, signerFault } from '../../domain/proof/checkpoint.ts'
import { applyAsLeaf } from '../../domain/proof/leaf.ts'
import { isSignedBy, parseNote, verifierKey } from '../../domain/proof/signed-note.ts'
import { inWords } from '../../domain/proof/told.ts'
import { appendLeaf, emptyTree, leafHash, rootOf } from '../../domain/proof/tree.ts'
import { saltOf, whoOf } from '../../domain/proof/who.ts'
import type { Log } from '../../ports/log.ts'
import { readToEnd, stopAtGap, writtenByNewer } from '../../ports/partition-reader.ts'

export type CheckpointAudit = {
  log: Pick<Log, 'bounds' | 'tail'>
  /** The signed note. */
  note: string
  /** Of those, one must have signed it: the one that signs now, and those before it. */
  publicKeys: readonly Buffer[]
  secret: string
  onProgress?: (done: number, total: number) => void
}
/** `root`: base64; `key`: the id of the one that has signed it. */
export type CheckpointFound = {
  couponId: string
  origin: string
  size: number
  root: string
  key: string
}

/** `fault`: what is wrong, in words. Rejects with a PortError where the log cannot be read. */
export async function compareCheckpoint(
  parts: CheckpointAudit,
): Promise<CheckpointFound | { fault: string }> {
  const note = parseNote(parts.note)
  const checkpoint = note === null ? null : parseCheckpoint(note.text)
  const [, couponId] = /\/coupons\/([^/]+)$/.exec(checkpoint?.origin ?? '') ?? []
  if (note === null || checkpoint === null || couponId === undefined) {
    return { fault: 'it is no signed checkpoint of a coupon' }
  }
  const { origin, size, root } = checkpoint
  const keys = parts.publicKeys.map((one) => verifierKey(origin, one))
  const key = keys.find((one) => isSignedBy(note, one))
  if (key === undefined) {
    const why = inWords(signerFault(note, origin, keys))
    return { fault: `it is not signed by our key under ${origin}: ${why}` }
  }
  const made = await treeAt(parts, couponId, size)
  if (made.size < size) {
    const has = made.size === 0 ? 'no such coupon' : `${made.size} entries of ${couponId}`
    return { fault: `it is of ${size} entries of ${couponId}, and the log has ${has}` }
  }
  const own = rootOf(made)
  if (!own.equals(root)) {
    const [theirs, ours] = [root, own].map((one) => one.toString('base64'))
    return {
      fault: `the first ${size} entries of ${couponId} make the root ${ours}, not ${theirs}`,
    }
  }
  return { couponId, origin, size, root: root.toString('base64'), key: key.id }
}

/** The tree of a coupon, of so many leaves at most. */
async function treeAt(
  { log, secret, onProgress }: CheckpointAudit,
  couponId: string,
  size: number,
) {
  const bounds = await log.bounds(claimsTopic)
  const fold = createFold(bounds.length)
  const tree = emptyTree()
  let at = 0
  let done = 0
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  await readToEnd({
    log,
    topic: claimsTopic,
    bounds,
    decode: (record) => readRecord(fold, record),
    onMessage(command) {
      if (command.message.couponId !== couponId || tree.size === size) return
      const { leaf } = applyAsLeaf(command, {
        fold,
        whoOf: (userId) => whoOf(saltOf(secret, { couponId, userId }), userId),
        before: { size: tree.size, at },
      })
      if (leaf === null) return
      at = leaf.at
      appendLeaf(tree, leafHash(leaf.text))
    },
    onUnknown(reason, { partition, offset }) {
      const stopped = `cannot read record ${offset} of partition ${partition}: ${reason}`
      throw writtenByNewer(stopped, 'audit with that version')
    },
    onGap: stopAtGap,
    onBatch({ records }) {
      done += records.length
      onProgress?.(done, total)
    },
  })
  return tree
}
