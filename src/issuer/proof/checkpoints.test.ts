import assert from 'node:assert/strict'
import { test } from 'node:test'
import { couponId, ownKey, prefix } from '../../../test/models/published-sale.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { appendLeaf, emptyTree, leafHash } from '../../domain/proof/tree.ts'
import { PortError } from '../../ports/port-error.ts'
import { startCheckpoints } from './checkpoints.ts'

test('a checkpoint that finds no room is kept once there is some, and not published before', async () => {
  const clock = virtualClock(0)
  const ending = new AbortController()
  const happened: string[] = []
  const errors: unknown[] = []
  const checkpoints = startCheckpoints({
    signer: { prefix, privateKey: ownKey },
    retry: { clock, signal: ending.signal },
    async keep() {
      happened.push('keep')
      if (happened.length > 2) return
      throw new PortError('log_full', 'no room', { retryable: true, appended: 'no' })
    },
    store: { publish: async () => void happened.push('publish') },
    onPublished: () => happened.push('published'),
    onError: (error) => errors.push(error),
  })
  const tree = emptyTree()
  appendLeaf(tree, leafHash('a leaf'), () => {})
  checkpoints.grown({ couponId, partition: 0, at: 0, tree })
  await clock.runUntil(10_000)
  assert.deepEqual(happened, ['keep', 'keep', 'keep', 'publish', 'published'])
  ending.abort()
  await checkpoints.close()
  assert.deepEqual(errors, [])
})
