// What was published of trees that are made again: each must come to the same root at the same
// size. Where it does not, somebody holds a checkpoint that the log contradicts.

import { parseCheckpoint } from '../../domain/proof/checkpoint.ts'
import { parseNote } from '../../domain/proof/signed-note.ts'
import { type GrowingTree, rootOf } from '../../domain/proof/tree.ts'
import { PortError } from '../../ports/port-error.ts'
import type { PublishedCheckpoint } from '../../ports/proof.ts'

export type PublishedBefore = {
  /** To be called after every leaf; says what is wrong, in words. */
  fault(couponId: string, tree: GrowingTree): string | null
  /** What the log has not come to, in words; null: all was met. */
  missing(sizeOf: (couponId: string) => number): string | null
}

/** `notes`: signed, as they were served. */
export function publishedBefore(notes: readonly string[]): PublishedBefore {
  const unmet = new Map<string, { size: number; root: Buffer }[]>()
  for (const note of notes) {
    const { couponId, size, root } = readPublished(note)
    const own = unmet.get(couponId) ?? []
    own.push({ size, root })
    unmet.set(couponId, own)
  }
  for (const own of unmet.values()) own.sort((a, b) => a.size - b.size)

  return {
    fault(couponId, tree) {
      const own = unmet.get(couponId)
      for (let next = own?.[0]; next?.size === tree.size; next = own?.[0]) {
        if (!rootOf(tree).equals(next.root)) return otherRoot(couponId, tree.size)
        own?.shift()
        if (own?.length === 0) unmet.delete(couponId)
      }
      return null
    },
    missing(sizeOf) {
      for (const [couponId, own] of unmet) {
        const size = own.at(-1)?.size ?? 0
        const made = sizeOf(couponId)
        if (size > made)
          return `of coupon ${couponId} ${size} entries were published, ${fewer(made)}`
      }
      return null
    },
  }
}

/** Rejects what no service of ours has written. */
export function readPublished(
  note: string,
): Pick<PublishedCheckpoint, 'couponId' | 'size'> & { prefix: string; root: Buffer } {
  const parsed = parseNote(note)
  const checkpoint = parsed === null ? null : parseCheckpoint(parsed.text)
  const [, prefix = '', couponId = ''] = originShape.exec(checkpoint?.origin ?? '') ?? []
  if (checkpoint === null || couponId === '') {
    throw new PortError(
      'store_broken',
      `a published checkpoint cannot be read: ${note.slice(0, 80)}`,
    )
  }
  return { couponId, prefix, size: checkpoint.size, root: checkpoint.root }
}

const originShape = /^(.*)\/coupons\/([^/]+)$/

function otherRoot(couponId: string, size: number): string {
  return `the log makes another tree of coupon ${couponId} than was published at ${size} entries`
}

function fewer(made: number): string {
  return `and the log makes ${made}`
}
