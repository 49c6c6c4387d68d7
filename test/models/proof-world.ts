// The consumer of the proof over a log and a store in memory, by a clock that a test moves on.

import assert from 'node:assert/strict'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import { createProofMemory, type ProofMemory } from '../../src/adapters/memory/proof-store.ts'
import {
  type CouponMessage,
  claimsTopic,
  decodeMessage,
  encodeMessage,
} from '../../src/domain/coupons/messages.ts'
import { appendLeaf, emptyTree, leafHash, rootOf } from '../../src/domain/proof/tree.ts'
import { signerId } from '../../src/issuer/proof/checkpoints.ts'
import {
  type ProofConsumerParts,
  startProofConsumer,
} from '../../src/issuer/proof/proof-consumer.ts'
import type { ProofStore } from '../../src/ports/proof.ts'
import { couponId, ownKey, prefix, proofSecret } from './published-sale.ts'

const signer = { prefix, privateKey: ownKey }
export const keyId = signerId(signer)

type More = Partial<Pick<ProofConsumerParts, 'log' | 'kept' | 'observe'>>

export function createProofWorld(
  options: { partitions?: number; proof?: ProofMemory; at?: number } = {},
) {
  const { proof = createProofMemory(), at = Date.UTC(2026, 4, 1, 9) } = options
  const clock = virtualClock(at)
  const log = openLogMemory({ topics: { [claimsTopic]: options.partitions ?? 1 }, clock })
  const errors: unknown[] = []
  const published: { at: number; size: number }[] = []
  const store: ProofStore = {
    ...proof.store,
    async publish(checkpoints) {
      for (const { size } of checkpoints) published.push({ at: clock.monotonic(), size })
      await proof.store.publish(checkpoints)
    },
  }
  const append = (...messages: CouponMessage[]) =>
    log.append(
      claimsTopic,
      messages.map((message) => ({ key: message.couponId, value: encodeMessage(message) })),
    )
  const start = (over: Partial<ProofStore> = {}, more: More = {}) =>
    startProofConsumer({
      log,
      ...more,
      store: { ...store, ...over },
      clock,
      secret: proofSecret,
      signer,
      onError: (error) => errors.push(error),
    })
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  const stored = () => {
    const records = log.records(claimsTopic).flat()
    return records.map(({ value, appendedAt }) => {
      const decoded = decodeMessage(value)
      assert.ok(decoded.kind === 'message')
      return { message: decoded.message, appendedAt }
    })
  }
  return { ...proof, clock, log, errors, published, append, start, pass, stored }
}

export function createdOf(quantity: number, id = couponId): CouponMessage {
  const terms = { name: 'Sale', quantity }
  return { type: 'coupon.created', couponId: id, terms, rules: 2, by: 'op', commandId: 'create' }
}

export function claimed(userId: string, id = couponId): CouponMessage {
  return { type: 'coupon.claimed', couponId: id, userId, claimId: `claim of ${userId}` }
}

/** Of the tree of no leaf, of the first, of the first two, and so on. */
export function rootsOf(leaves: readonly string[]): Buffer[] {
  const tree = emptyTree()
  return [
    rootOf(tree),
    ...leaves.map((leaf) => {
      appendLeaf(tree, leafHash(leaf))
      return rootOf(tree)
    }),
  ]
}
