import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  couponId,
  honestLeaves,
  keyOf,
  otherKey,
  ownKey,
  prefix,
} from '../../../test/models/published-sale.ts'
import { virtualClock } from '../../adapters/memory/clock-virtual.ts'
import { createProofMemory } from '../../adapters/memory/proof-store.ts'
import { type Checkpoint, couponOrigin, formatCheckpoint } from '../../domain/proof/checkpoint.ts'
import { cosign, isCosignedBy, witnessKey } from '../../domain/proof/cosignature.ts'
import { parseNote, rawPublicKey, signNote } from '../../domain/proof/signed-note.ts'
import { appendLeaf, emptyTree, leafHash, rootOf } from '../../domain/proof/tree.ts'
import { judge, readCheckpoint } from '../../domain/proof/witness.ts'
import type { Witness, WitnessAnswer } from '../../ports/witness.ts'
import { signerId } from './checkpoints.ts'
import type { CouponPlace } from './witness-question.ts'
import { startWitnesses } from './witnesses.ts'

const signer = signerId({ prefix, privateKey: ownKey })
const leaves = honestLeaves()
const forked = [...leaves.slice(0, 3), ...leaves.slice(4)]
const key = witnessKey('witness.example', rawPublicKey(otherKey))

type Ask = (body: string, signal: AbortSignal) => Promise<WitnessAnswer>

/** As the real one answers, from memory. */
function honestWitness(): { ask: Ask; seen: Map<string, Checkpoint> } {
  const seen = new Map<string, Checkpoint>()
  const logs = [keyOf(ownKey, prefix)]
  const ask: Ask = async (body) => {
    const judged = judge(body, { logs, seen: (origin) => seen.get(origin) ?? null })
    if (judged.kind === 'conflict') return { status: 409, text: `${judged.size}\n` }
    if (judged.kind !== 'goes_on') return { status: 422, text: judged.kind }
    const checkpoint = readCheckpoint(judged.text)
    assert.ok(checkpoint)
    seen.set(judged.origin, checkpoint)
    const by = { name: key.name, privateKey: otherKey }
    return { status: 200, text: cosign(judged.text, by, 1_770_000_000) }
  }
  return { ask, seen }
}

function createWorld() {
  const clock = virtualClock(Date.UTC(2026, 4, 1, 9))
  const proof = createProofMemory()
  const stop = new AbortController()
  const outcomes: string[] = []
  const told: string[] = []
  const positions = new Map<string, number>()

  /** Leaves up to this size, committed and signed. */
  async function publish(size: number, id = couponId, from = leaves): Promise<CouponPlace> {
    const tree = emptyTree()
    for (const leaf of from.slice(0, size)) appendLeaf(tree, leafHash(leaf))
    const first = positions.get(id) ?? 0
    const grown = { couponId: id, partition: positions.size, at: 1, tree }
    const entries = [{ couponId: id, first, leaves: from.slice(first, size), whos: [] }]
    const trees = [grown]
    await proof.store.apply({
      partition: 0,
      expected: (await proof.store.positions()).get(0)?.next ?? 0,
      next: size,
      trees,
      entries,
      nodes: [],
    })
    positions.set(id, size)
    const origin = couponOrigin(prefix, id)
    const text = formatCheckpoint({ origin, size, root: rootOf(tree) })
    const note = signNote(text, [{ name: origin, privateKey: ownKey }])
    const place = { couponId: id, partition: 0 }
    await proof.store.publish([{ ...place, size, signer, note }])
    return place
  }

  async function isCosigned(id = couponId, by = key): Promise<boolean> {
    const { checkpoint } = await proof.reader.head(id, signer)
    const note = parseNote(checkpoint?.note ?? '')
    return note !== null && isCosignedBy(note, by)
  }

  function start(witnesses: readonly Witness[]) {
    const observe = {
      asked: (_: string, outcome: string) => void outcomes.push(outcome),
      told: (text: string) => void told.push(text),
    }
    const keep = async () => {}
    const { store, reader } = proof
    const { signal } = stop
    return startWitnesses({ witnesses, reader, observe, store, keep, signer, clock, signal })
  }
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  return { publish, isCosigned, start, pass, stop, outcomes, told }
}

describe('asking witnesses', () => {
  it('asks about each new checkpoint, and from where a witness says that it is', async () => {
    const world = createWorld()
    const { ask } = honestWitness()
    const witnesses = world.start([{ key, ask }])
    witnesses.published(await world.publish(4))
    await world.pass(10)
    assert.ok(await world.isCosigned())
    witnesses.published(await world.publish(9))
    await world.pass(10)
    assert.ok(await world.isCosigned())
    // Another process, which knows nothing of this witness.
    const after = world.start([{ key, ask }])
    after.published(await world.publish(12))
    await world.pass(10)
    assert.ok(await world.isCosigned())
    assert.deepEqual(world.outcomes, ['cosigned', 'cosigned', 'cosigned'])
    world.stop.abort()
    await Promise.all([witnesses.close(), after.close()])
  })

  it('asks again after a failure, within five seconds, and tells it once', async () => {
    const world = createWorld()
    const { ask } = honestWitness()
    let isAway = true
    const away: Ask = async () => Promise.reject(new Error('cannot be asked (ECONNREFUSED)'))
    const witnesses = world.start([{ key, ask: (...asked) => (isAway ? away : ask)(...asked) }])
    witnesses.published(await world.publish(4))
    await world.pass(5_000)
    assert.deepEqual(world.outcomes, ['away', 'away'])
    assert.deepEqual(world.told, ['the witness witness.example cannot be asked (ECONNREFUSED)'])
    isAway = false
    await world.pass(5_000)
    assert.ok(await world.isCosigned())
    world.stop.abort()
    await witnesses.close()
  })

  it('is held up by no witness and no coupon that does not answer', async () => {
    const world = createWorld()
    const hangs: Ask = (_, signal) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('was not waited for')))
      })
    }
    const { ask } = honestWitness()
    const half: Ask = (body, signal) =>
      (body.includes('coupons/slow\n') ? hangs : ask)(body, signal)
    const silent = witnessKey('silent.example', rawPublicKey(ownKey))
    const witnesses = world.start([
      { key: silent, ask: hangs },
      { key, ask: half },
    ])
    for (const id of ['slow', couponId]) witnesses.published(await world.publish(4, id))
    await world.pass(10)
    assert.ok(await world.isCosigned())
    assert.ok(!(await world.isCosigned('slow')))
    assert.ok(!(await world.isCosigned(couponId, silent)))
    world.stop.abort()
    await witnesses.close()
    assert.deepEqual(world.outcomes, ['cosigned'])
  })

  it('serves no cosignature that does not hold', async () => {
    const world = createWorld()
    const other = cosign('another text\n', { name: key.name, privateKey: otherKey }, 1)
    const witnesses = world.start([{ key, ask: async () => ({ status: 200, text: other }) }])
    witnesses.published(await world.publish(4))
    await world.pass(10)
    assert.ok(!(await world.isCosigned()))
    assert.match(world.told.join('\n'), /with a cosignature that does not hold/)
    world.stop.abort()
    await witnesses.close()
  })

  it('tells of a fork, of a log that was rolled back, and of answers without sense', async () => {
    const { ask, seen } = honestWitness()
    const first = createWorld()
    const before = first.start([{ key, ask }])
    before.published(await first.publish(9))
    await first.pass(10)
    assert.equal(seen.get(couponOrigin(prefix, couponId))?.size, 9)
    const table: [size: number, from: string[], ask: Ask, told: RegExp][] = [
      [12, forked, ask, /has seen another tree of first-sale, up to 9 entries/],
      [9, forked, ask, /has seen another tree of first-sale, up to 9 entries/],
      [4, leaves, ask, /has seen 9 entries of first-sale, and 4 are published here/],
      [4, leaves, async () => ({ status: 500, text: '' }), /answers 500 about first-sale/],
      [4, leaves, async () => ({ status: 409, text: 'x' }), /answers 409 about first-sale/],
    ]
    for (const [size, from, answers, says] of table) {
      const world = createWorld()
      const witnesses = world.start([{ key, ask: answers }])
      witnesses.published(await world.publish(size, couponId, from))
      await world.pass(20_000)
      assert.equal(world.told.length, 1)
      assert.match(world.told.join('\n'), says)
      assert.ok(!(await world.isCosigned()))
      world.stop.abort()
      await witnesses.close()
    }
    first.stop.abort()
    await before.close()
  })
})
