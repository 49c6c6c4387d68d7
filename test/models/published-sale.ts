// A sale as a service would publish it: leaves, signed checkpoints, receipts, and the public calls
// on a port. All of it can be replaced, so that a test can lie in every way an operator could.

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFold } from '../../src/domain/coupons/fold.ts'
import type { CouponMessage } from '../../src/domain/coupons/messages.ts'
import { couponOrigin, formatCheckpoint } from '../../src/domain/proof/checkpoint.ts'
import { formatWitnessKey, witnessKey } from '../../src/domain/proof/cosignature.ts'
import { applyAsLeaf } from '../../src/domain/proof/leaf.ts'
import {
  formatVerifierKey,
  rawPublicKey,
  signNote,
  type VerifierKey,
  verifierKey,
} from '../../src/domain/proof/signed-note.ts'
import {
  appendLeaf,
  consistencyProof,
  emptyTree,
  inclusionProof,
  leafHash,
  type NodeAt,
  rootOf,
} from '../../src/domain/proof/tree.ts'
import { saltOf, whoOf } from '../../src/domain/proof/who.ts'
import type { Entry } from './naive-claims.ts'

export const couponId = 'first-sale'
export const prefix = 'coupons.example'
export const origin = couponOrigin(prefix, couponId)
export const proofSecret = 'the secret of the proofs of these tests, made up'
const seed = Buffer.from('302e020100300506032b657004220420'.padEnd(96, '07'), 'hex')
export const ownKey = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' })
export const otherKey = generateKeyPairSync('ed25519').privateKey

export const keyOf = (key: KeyObject, name = origin): VerifierKey => {
  return verifierKey(name, rawPublicKey(key))
}
export const whoIn = (id: string, userId: string) => {
  return whoOf(saltOf(proofSecret, { couponId: id, userId }), userId)
}
export const who = (userId: string) => whoIn(couponId, userId)

/** As in the setting of a service. */
export const witnessSetting = {
  key: formatWitnessKey(witnessKey('witness.example', Buffer.alloc(32, 7))),
  url: 'https://witness.example',
}

/** The leaves of each coupon of a log, as the fold makes them. */
export function leavesOf(entries: readonly Entry[]): Map<string, string[]> {
  const fold = createFold(1)
  const leaves = new Map<string, string[]>()
  const times = new Map<string, number>()
  for (const [offset, { message, appendedAt }] of entries.entries()) {
    const { couponId: id } = message
    const own = leaves.get(id) ?? []
    const { leaf } = applyAsLeaf(
      { message, partition: 0, offset, appendedAt },
      {
        fold,
        whoOf: (userId) => whoIn(id, userId),
        before: { size: own.length, at: times.get(id) ?? 0 },
      },
    )
    if (leaf === null) continue
    leaves.set(id, [...own, leaf.text])
    times.set(id, leaf.at)
  }
  return leaves
}

type Step = [at: number, does: string, what?: number | object]
const start = Date.UTC(2026, 4, 1, 9)
/** Of this many seconds after the beginning. */
export const time = (seconds: number) => new Date(start + seconds * 1000).toISOString()

/**
 * A log of one coupon: seconds, then `created`, `restocked`, `paused`, `resumed`, `closed`, or who
 * claims.
 */
export function logOf(steps: readonly Step[]): Entry[] {
  return steps.map(([at, does, what], n) => {
    const control = { couponId, by: 'op', commandId: `command ${n}` }
    const message = (
      {
        created: { type: 'coupon.created', rules: 1, terms: what, ...control },
        restocked: { type: 'coupon.restocked', add: what, ...control },
        paused: { type: 'coupon.paused', ...control },
        resumed: { type: 'coupon.resumed', ...control },
        closed: { type: 'coupon.closed', ...control },
      } as Record<string, CouponMessage>
    )[does]
    const claim: CouponMessage = {
      type: 'coupon.claimed',
      couponId,
      userId: does,
      claimId: `claim ${n}`,
    }
    return { message: message ?? claim, appendedAt: start + at * 1000 }
  })
}

export const opensAt = start + 10_000
/** With everything that can happen to a sale under the first rules. */
export const honestSteps: readonly Step[] = [
  [0, 'created', { name: 'First sale', quantity: 3, opensAt, closesAt: start + 600_000 }],
  [9, 'ann'],
  [10, 'bob'],
  [11, 'ann'],
  [11, 'bob'],
  [12, 'paused'],
  [13, 'cat'],
  [14, 'resumed'],
  [15, 'cat'],
  [16, 'dan'],
  [20, 'restocked', 1],
  [21, 'eve'],
  [22, 'dan'],
  [30, 'closed'],
  [31, 'fay'],
  [32, 'restocked', 5],
]

export function honestLeaves(): string[] {
  return leavesOf(logOf(honestSteps)).get(couponId) ?? []
}

export function checkpointOf(leaves: readonly string[], key = ownKey, name = origin): string {
  const tree = emptyTree()
  for (const leaf of leaves) appendLeaf(tree, leafHash(leaf))
  const text = formatCheckpoint({ origin: name, size: tree.size, root: rootOf(tree) })
  return signNote(text, [{ name, privateKey: key }])
}

/** The hashes of all complete subtrees. */
export function nodesOf(leaves: readonly string[]): NodeAt {
  const tree = emptyTree()
  const nodes = new Map<string, Buffer>()
  for (const leaf of leaves) {
    appendLeaf(tree, leafHash(leaf), (level, index, node) => nodes.set(`${level}/${index}`, node))
  }
  return (level, index) => {
    const node = nodes.get(`${level}/${index}`)
    assert.ok(node, `there is no node ${index} of level ${level}`)
    return node
  }
}

const coded = (hashes: readonly Buffer[]) => hashes.map((one) => one.toString('base64'))

/** As the service would give it at this size. */
export function receiptOf(leaves: readonly string[], userId: string, key = ownKey) {
  const salt = saltOf(proofSecret, { couponId, userId })
  const nodeAt = nodesOf(leaves)
  const entries = leaves.flatMap((leaf, n) => (leaf.includes(who(userId)) ? [{ n, leaf }] : []))
  return {
    couponId,
    userId,
    who: who(userId),
    salt: salt.toString('base64url'),
    entries,
    inclusion: entries.map(({ n }) => coded(inclusionProof(n, leaves.length, nodeAt))),
    checkpoint: checkpointOf(leaves, key),
  }
}

export type Publication = { leaves: readonly string[]; checkpoint: string; key: string }

export function publish(leaves: readonly string[]): Publication {
  return { leaves, checkpoint: checkpointOf(leaves), key: formatVerifierKey(keyOf(ownKey)) }
}

export type PublishedSale = { url: string; close(): Promise<void> }

/** The public calls of a service that says this. */
export async function serveSale(said: Publication): Promise<PublishedSale> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const number = (name: string) => Number(searchParams.get(name))
    const calls: Record<string, () => string> = {
      key: () => `${said.key}\n`,
      checkpoint: () => said.checkpoint,
      entries: () => {
        const page = said.leaves.slice(number('from'), number('from') + number('limit'))
        return page.map((leaf) => `${leaf}\n`).join('')
      },
      inclusion: () => {
        const proof = inclusionProof(number('n'), number('size'), nodesOf(said.leaves))
        return JSON.stringify({ hashes: coded(proof) })
      },
      consistency: () => {
        const proof = consistencyProof(number('from'), number('to'), nodesOf(said.leaves))
        return JSON.stringify({ hashes: coded(proof) })
      },
    }
    const call = calls[pathname.replace(`/coupons/${couponId}/proof/`, '')]
    response.writeHead(call === undefined ? 404 : 200).end(call?.() ?? '{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
