import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, partitions } from '../../../test/models/any-log.ts'
import {
  claimed,
  createdOf,
  createProofWorld,
  keyId,
  rootsOf,
} from '../../../test/models/proof-world.ts'
import {
  checkpointOf,
  couponId,
  keyOf,
  leavesOf,
  ownKey,
  prefix,
} from '../../../test/models/published-sale.ts'
import { createProofMemory } from '../../adapters/memory/proof-store.ts'
import { type CouponMessage, claimsTopic } from '../../domain/coupons/messages.ts'
import { openCheckpoint, parseCheckpoint } from '../../domain/proof/checkpoint.ts'
import { madeFrom } from '../../domain/proof/kept-nodes.ts'
import { parseNote } from '../../domain/proof/signed-note.ts'
import { consistencyProof, inclusionProof, leafHash } from '../../domain/proof/tree.ts'
import { isConsistent, isIncluded } from '../../domain/proof/tree-proofs.ts'
import { PortError } from '../../ports/port-error.ts'
import type { ProofStore } from '../../ports/proof.ts'
import { signEveryMsMin } from './checkpoints.ts'

function messageOf([error]: unknown[]): string {
  assert.ok(error instanceof PortError, String(error))
  return `${error.code}: ${error.message}`
}

describe('the consumer of the proof', () => {
  it('stores a leaf for each record, and publishes a checkpoint that the key has signed', async () => {
    const { append, start, pass, reader, errors, log } = createProofWorld()
    const consumer = await start()
    await append(createdOf(1), claimed('ann'), claimed('bob'), claimed('ann'))
    await log.append(claimsTopic, [{ key: couponId, value: Buffer.from('no record') }])
    await pass(100)
    const leaves = await reader.leaves(couponId, 0, 9)
    assert.deepEqual(
      leaves.map((leaf) => (JSON.parse(leaf) as { outcome?: string }).outcome),
      [undefined, 'issued', 'sold_out', 'already_issued'],
    )
    const { checkpoint, next } = await reader.head(couponId, keyId)
    assert.equal(checkpoint?.note, checkpointOf(leaves))
    assert.equal(next, 5)
    const opened = openCheckpoint(checkpoint.note, { couponId, keys: [keyOf(ownKey, prefix)] })
    assert.ok(!('fault' in opened))
    assert.deepEqual(errors, [])
    await consumer.close()
  })

  it('signs each coupon at once where it was quiet, and at most once a second', async () => {
    const { append, start, pass, published, clock, reader } = createProofWorld()
    const consumer = await start()
    await append(createdOf(50))
    for (let n = 0; n < 40; n++) {
      await append(claimed(`user ${n}`))
      await pass(100)
    }
    await pass(signEveryMsMin)
    const times = published.map(({ at }) => at)
    assert.ok((times[0] ?? 99) < 50, 'the first is signed at once')
    times.slice(1).forEach((at, n) => assert.ok(at - (times[n] ?? 0) >= signEveryMsMin))
    assert.ok(published.length >= 4, `${published.length} in ${clock.monotonic()} ms`)
    assert.equal(published.at(-1)?.size, 41, 'within a second the newest covers all')
    await pass(10_000)
    assert.equal(published.at(-1)?.size, 41, 'and then it is quiet')
    await append(claimed('late'))
    await pass(50)
    assert.equal((await reader.head(couponId, keyId)).checkpoint?.size, 42)
    await consumer.close()
  })

  it('makes of any log, in any batches, with any stops, the leaves that the fold makes', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLog(),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        fc.infiniteStream(fc.constantFrom('goes on', 'stops', 'is not answered')),
        async (entries, counts, turns) => {
          const world = createProofWorld({ partitions, at: 0 })
          const messages = entries.map(({ message }) => message)
          let unanswered = false
          async function apply(batch: Parameters<ProofStore['apply']>[0]) {
            const applied = await world.store.apply(batch)
            if (!unanswered) return applied
            unanswered = false
            throw new PortError('store_unavailable', 'cut off', { retryable: true })
          }
          let consumer = await world.start({ apply })
          while (messages.length > 0) {
            await world.append(...messages.splice(0, counts.next().value))
            const turn = turns.next().value
            unanswered = turn === 'is not answered'
            await world.pass(3)
            if (turn !== 'stops') continue
            await consumer.close()
            consumer = await world.start({ apply })
          }
          await world.pass(5_000)
          await consumer.close()
          assert.deepEqual(world.errors, [])
          for (const [id, leaves] of leavesOf(world.stored())) {
            assert.deepEqual(await world.reader.leaves(id, 0, 99), leaves)
            const head = await world.reader.head(id, keyId)
            assert.equal(head.checkpoint?.size, leaves.length)
            const roots = rootsOf(leaves)
            for (const { couponId: of, size, note } of await world.store.published()) {
              const root = parseCheckpoint(parseNote(note)?.text ?? '')?.root
              if (of === id) assert.deepEqual(root, roots[size])
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('keeps what proofs of a tree of thousands of leaves are made from', async () => {
    const world = createProofWorld()
    const consumer = await world.start()
    await world.append(createdOf(10_000))
    const users = Array.from({ length: 1_500 }, (_, n) => claimed(`user ${n}`))
    for (let at = 0; at < users.length; at += 700) {
      await world.append(...users.slice(at, at + 700))
      await world.pass(200)
    }
    await world.pass(2_000)
    await consumer.close()
    const { reader } = world
    const leaves = await reader.leaves(couponId, 0, 9_999)
    assert.equal(leaves.length, 1_501)
    const roots = rootsOf(leaves)
    const kept = {
      nodes: reader.nodes.bind(null, couponId),
      leaves: reader.leaves.bind(null, couponId),
    }
    const sizes = [1, 2, 255, 256, 257, 512, 700, 701, 1_024, 1_025, 1_280, 1_500, 1_501]
    const rootAtSize = (size: number) => roots[size] ?? Buffer.alloc(0)
    for (const to of sizes) {
      for (const from of sizes.filter((size) => size <= to)) {
        const proof = await madeFrom(kept, to, (nodeAt) => consistencyProof(from, to, nodeAt))
        const claim = { from, to, fromRoot: rootAtSize(from), toRoot: rootAtSize(to) }
        assert.ok(isConsistent({ ...claim, proof }), `${from} to ${to}`)
        const n = from - 1
        const path = await madeFrom(kept, to, (nodeAt) => inclusionProof(n, to, nodeAt))
        const leaf = leafHash(leaves[n] ?? '')
        const included = { n, size: to, leaf, root: rootAtSize(to), proof: path }
        assert.ok(isIncluded(included), `${n} in ${to}`)
      }
    }
  })
})

describe('trees that are made again', () => {
  async function published() {
    const world = createProofWorld()
    const consumer = await world.start()
    await world.append(createdOf(2), claimed('ann'))
    await world.pass(1_500)
    await world.append(claimed('bob'), claimed('cat'))
    await world.pass(1_500)
    await consumer.close()
    const checkpoints = await world.store.published()
    assert.deepEqual(
      checkpoints.map(({ size }) => size),
      [2, 4],
    )
    return { world, checkpoints }
  }

  it('come to the same roots, and nothing that was published is lost meanwhile', async () => {
    const { world, checkpoints } = await published()
    await world.store.drop()
    const empty = await world.reader.head(couponId, keyId)
    assert.deepEqual([empty.size, empty.published], [0, 4])
    const consumer = await world.start()
    await world.pass(1_500)
    await consumer.close()
    assert.deepEqual(world.errors, [])
    assert.deepEqual(await world.store.published(), checkpoints, 'nothing is signed twice')
    assert.equal((await world.reader.head(couponId, keyId)).size, 4)
  })

  const others: readonly [what: string, log: readonly CouponMessage[], says: RegExp][] = [
    [
      'a log with another winner',
      [createdOf(2), claimed('ann'), claimed('dan'), claimed('cat')],
      /another tree of coupon first-sale than was published at 4 entries/,
    ],
    [
      'a log with another beginning',
      [createdOf(3), claimed('ann'), claimed('bob'), claimed('cat')],
      /another tree of coupon first-sale than was published at 2 entries/,
    ],
    [
      'a log that was cut',
      [createdOf(2), claimed('ann'), claimed('bob')],
      /of coupon first-sale 4 entries were published, and the log makes 3/,
    ],
    ['an empty log', [], /of coupon first-sale 4 entries were published, and the log makes 0/],
  ]
  for (const [what, messages, says] of others) {
    it(`are refused from ${what}, by name and for everybody`, async () => {
      const { checkpoints } = await published()
      const world = createProofWorld()
      await world.store.publish(checkpoints)
      for (const [n, message] of messages.entries()) {
        await world.append(message)
        // As they were appended then, so that the leaves before the change are the same.
        if (n === 1) await world.pass(1_500)
      }
      const consumer = await world.start()
      await world.pass(5_000)
      assert.match(messageOf(world.errors), says)
      assert.match(messageOf(world.errors), /^log_damaged: .*firstcome rebuild/s)
      assert.match([...world.refusals].join(), says)
      await consumer.close()
    })
  }

  it('may go on where what was published is of an earlier key, and are signed anew', async () => {
    const { world, checkpoints } = await published()
    const other = createProofWorld({ proof: createProofMemory() })
    await other.store.publish(checkpoints.map((one) => ({ ...one, signer: 'earlier' })))
    await other.append(createdOf(2), claimed('ann'))
    await other.pass(1_500)
    await other.append(claimed('bob'), claimed('cat'))
    const consumer = await other.start()
    await other.pass(3_000)
    await consumer.close()
    assert.deepEqual(other.errors, [])
    const { checkpoint } = await other.reader.head(couponId, keyId)
    assert.deepEqual(checkpoint, (await world.reader.head(couponId, keyId)).checkpoint)
  })
})
