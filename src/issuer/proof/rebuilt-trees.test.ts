// Any log, cut anywhere, made again anywhere: what was published of it stays one tree.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { anyLog, partitions } from '../../../test/models/any-log.ts'
import { createProofWorld } from '../../../test/models/proof-world.ts'
import { leavesOf } from '../../../test/models/published-sale.ts'
import { parseCheckpoint } from '../../domain/proof/checkpoint.ts'
import { madeFrom } from '../../domain/proof/kept-nodes.ts'
import { parseNote } from '../../domain/proof/signed-note.ts'
import { consistencyProof } from '../../domain/proof/tree.ts'
import { isConsistent } from '../../domain/proof/tree-proofs.ts'
import type { PublishedCheckpoint } from '../../ports/proof.ts'
import { signEveryMsMin } from './checkpoints.ts'

type World = ReturnType<typeof createProofWorld>

/** Of a coupon, the smallest first. */
function rootsIn(published: readonly PublishedCheckpoint[], couponId: string) {
  return published
    .filter((one) => one.couponId === couponId)
    .map(({ note }) => parseCheckpoint(parseNote(note)?.text ?? ''))
    .filter((one) => one !== null)
    .toSorted((a, b) => a.size - b.size)
}

/** Of any two published sizes the smaller tree begins the larger one. */
async function assertOneTree({ reader, store }: World, couponId: string): Promise<void> {
  const kept = {
    nodes: reader.nodes.bind(null, couponId),
    leaves: reader.leaves.bind(null, couponId),
  }
  const all = rootsIn(await store.published(), couponId)
  for (const { size: to, root: toRoot } of all) {
    for (const { size: from, root: fromRoot } of all.filter(({ size }) => size <= to)) {
      const proof = await madeFrom(kept, to, (nodeAt) => consistencyProof(from, to, nodeAt))
      const claim = { from, to, fromRoot, toRoot, proof }
      assert.ok(isConsistent(claim), `${couponId}: ${from} to ${to}`)
    }
  }
}

async function readToEnd(world: World): Promise<void> {
  const consumer = await world.start()
  await world.pass(2 * signEveryMsMin)
  await consumer.close()
  assert.deepEqual(world.errors, [])
}

test('Any log, cut and made again anywhere, has the same roots, and all that was published is one tree.', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLog(),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      fc.infiniteStream(fc.constantFrom('goes on', 'is signed', 'stops', 'is made again')),
      async (entries, counts, turns) => {
        const world = createProofWorld({ partitions, at: 0 })
        const messages = entries.map(({ message }) => message)
        let consumer = await world.start()
        while (messages.length > 0) {
          await world.append(...messages.splice(0, counts.next().value))
          const turn = turns.next().value
          await world.pass(turn === 'is signed' ? signEveryMsMin : 3)
          if (turn !== 'stops' && turn !== 'is made again') continue
          await consumer.close()
          if (turn === 'is made again') await world.store.drop()
          consumer = await world.start()
        }
        await world.pass(2 * signEveryMsMin)
        await consumer.close()
        const before = await world.store.published()
        const leaves = leavesOf(world.stored())
        for (const id of leaves.keys()) await assertOneTree(world, id)

        await world.store.drop()
        await readToEnd(world)
        assert.deepEqual(await world.store.published(), before, 'nothing else is signed')
        for (const [id, own] of leaves) {
          assert.deepEqual(await world.reader.leaves(id, 0, 99), own)
          await assertOneTree(world, id)
        }
      },
    ),
    { numRuns: 40 },
  )
})
