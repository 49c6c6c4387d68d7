// Signs trees as they grow and publishes what it signed: at once where a coupon was quiet, and at
// most once a second. What is published was kept before, and is of a tree that is committed: so
// nothing that anybody was shown can be lost or contradicted.

import type { KeyObject } from 'node:crypto'
import { couponOrigin, formatCheckpoint } from '../../domain/proof/checkpoint.ts'
import { rawPublicKey, signNote, verifierKey } from '../../domain/proof/signed-note.ts'
import { rootOf } from '../../domain/proof/tree.ts'
import { sleep } from '../../ports/clock.ts'
import type { ProofStore, ProofTree, PublishedCheckpoint } from '../../ports/proof.ts'
import { type Retry, retrying } from '../../ports/retry.ts'

/** Who signs: the key, and the prefix of the origins. */
export type ProofSigner = { prefix: string; privateKey: KeyObject }

export type CheckpointsParts = {
  store: Pick<ProofStore, 'publish'>
  signer: ProofSigner
  retry: Retry
  /** Makes them durable, where the rows are not. */
  keep(checkpoints: readonly PublishedCheckpoint[]): Promise<void>
  onPublished(checkpoints: readonly PublishedCheckpoint[]): void
  onError(error: unknown): void
}
export type Checkpoints = {
  /** This tree is committed. */
  grown(tree: ProofTree): void
  /** Resolves when it signs nothing more. */
  close(): Promise<void>
}

/** Of one coupon. */
export const signEveryMsMin = 1_000
/** It is woken by trees that grow; this bounds what a bug in that could cost. */
const restMsMax = 5_000
/** Forgetting when a coupon was signed last could only sign it too early once. */
const couponsRememberedMax = 10_000

/** By what the checkpoints of this signer are known among others. */
export function signerId({ prefix, privateKey }: ProofSigner): string {
  return verifierKey(prefix, rawPublicKey(privateKey)).id
}

export function startCheckpoints(parts: CheckpointsParts): Checkpoints {
  const { store, signer, retry } = parts
  const { clock, signal } = retry
  const id = signerId(signer)
  const waiting = new Map<string, ProofTree>()
  const signedAt = new Map<string, number>()
  let woken = new AbortController()

  function dueAt(couponId: string): number {
    return (signedAt.get(couponId) ?? Number.NEGATIVE_INFINITY) + signEveryMsMin
  }

  async function publishDue(): Promise<void> {
    const now = clock.monotonic()
    const due = [...waiting.values()].filter(({ couponId }) => dueAt(couponId) <= now)
    if (due.length === 0) return
    if (signedAt.size > couponsRememberedMax) forget(now)
    for (const { couponId } of due) {
      waiting.delete(couponId)
      signedAt.set(couponId, now)
    }
    const checkpoints = due.map((tree) => signed(tree, signer, id))
    await retrying(retry, () => parts.keep(checkpoints))
    await retrying(retry, () => store.publish(checkpoints))
    parts.onPublished(checkpoints)
  }

  function forget(now: number): void {
    for (const couponId of signedAt.keys()) if (dueAt(couponId) <= now) signedAt.delete(couponId)
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await publishDue()
      const next = Math.min(...[...waiting.keys()].map(dueAt), clock.monotonic() + restMsMax)
      await sleep(clock, Math.max(0, next - clock.monotonic()), woken.signal)
      woken = new AbortController()
    }
  }

  const wake = () => woken.abort('woken')
  signal.addEventListener('abort', wake)
  const running = run().catch((error: unknown) => {
    if (!signal.aborted) parts.onError(error)
  })
  return {
    grown({ couponId, tree: { size, subtrees }, ...own }) {
      // As it is now: the tree itself goes on growing, and that is not committed.
      waiting.set(couponId, { couponId, ...own, tree: { size, subtrees: [...subtrees] } })
      wake()
    },
    close: () => running,
  }
}

function signed(
  { couponId, partition, tree }: ProofTree,
  { prefix, privateKey }: ProofSigner,
  signer: string,
): PublishedCheckpoint {
  const origin = couponOrigin(prefix, couponId)
  const text = formatCheckpoint({ origin, size: tree.size, root: rootOf(tree) })
  const note = signNote(text, [{ name: origin, privateKey }])
  return { couponId, partition, size: tree.size, signer, note }
}
