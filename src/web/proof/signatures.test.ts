import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  keyOf,
  otherKey,
  ownKey,
} from '../../../test/models/published-sale.ts'
import { openCheckpoint } from '../../domain/proof/checkpoint.ts'
import { inWords } from '../../domain/proof/told.ts'
import { withSignatures } from './signatures.ts'

const note = checkpointOf(honestLeaves())

async function opened(signed: string, keys = [keyOf(ownKey)]) {
  const { made, isChecked } = await withSignatures((holds) =>
    openCheckpoint(signed, { couponId, keys, holds }),
  )
  return { fault: 'fault' in made ? inWords(made.fault) : null, isChecked }
}

function withSubtle(t: TestContext, subtle: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'crypto')
  Object.defineProperty(globalThis, 'crypto', { value: { subtle }, configurable: true })
  t.after(() => Object.defineProperty(globalThis, 'crypto', before ?? {}))
}

test('A checkpoint is opened by the key that signed it, and by no other.', async () => {
  assert.deepEqual(await opened(note), { fault: null, isChecked: true })
  const several = [keyOf(otherKey), keyOf(ownKey)]
  assert.deepEqual(await opened(note, several), { fault: null, isChecked: true })
  const { fault, isChecked } = await opened(checkpointOf(honestLeaves(), otherKey))
  assert.match(fault ?? '', /signature is not by the key/)
  assert.ok(isChecked)
})

test('Of two signatures under one name both must hold.', async () => {
  const [line = ''] = note.split('\n').slice(-2)
  const middle = line.length - 30
  const other = line[middle] === 'A' ? 'B' : 'A'
  const changed = `${line.slice(0, middle)}${other}${line.slice(middle + 1)}\n`
  assert.match((await opened(note + changed)).fault ?? '', /signature is not by the key/)
})

test('A browser that cannot tell says so: without its code, and without this algorithm.', async (t) => {
  withSubtle(t, undefined)
  assert.deepEqual(await opened(note), { fault: null, isChecked: false })
  withSubtle(t, {
    async importKey() {
      throw new DOMException('unknown', 'NotSupportedError')
    },
  })
  assert.deepEqual(await opened(note), { fault: null, isChecked: false })
})
