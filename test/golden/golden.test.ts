// Replays the golden logs: committed records with the outcome of each, which no later version of
// the code may change.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { applyCommand, createFold, type Fold, readRecord } from '../../src/domain/coupons/fold.ts'

type Line = {
  partition: number
  offset: number
  appendedAt: string
  /** The record's bytes: as text, or in base64 where they are no text. */
  value?: string
  base64?: string
  expected: { kind: string; slot?: number; claimId?: string }
}
type Header = { golden: string; partitions: number }

const kindsOfRules1 = [
  'already_issued',
  'closed',
  'conflict',
  'created',
  'done',
  'halt',
  'issued',
  'not_open',
  'paused',
  'quantity_limit',
  'sold_out',
  'unchanged',
  'unknown_coupon',
  'void',
]
const kindsOfRules2 = kindsOfRules1.filter((kind) => kind !== 'quantity_limit')
const goldens = [
  { name: 'claims-rules-1', kinds: kindsOfRules1 },
  { name: 'claims-rules-2', kinds: [...kindsOfRules2, 'not_eligible'].sort() },
]
/** What the version of its rules did not know, and stopped at: a later one reads it. */
const readSince = new Map([
  ['claims-rules-1 0/17', 'void'], // a revoke of nobody
  ['claims-rules-1 0/19', 'created'], // rules 2
])

for (const { name, kinds } of goldens) {
  describe(`the golden log ${name}`, () => {
    const file = new URL(`${name}.jsonl`, import.meta.url)
    const [first = '', ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n')
    const header = JSON.parse(first) as Header
    const lines = rest.map((text) => JSON.parse(text) as Line)

    test('is the one that this test means, with every kind of outcome in it', () => {
      assert.equal(header.golden, name)
      assert.deepEqual([...new Set(lines.map(({ expected }) => expected.kind))].sort(), kinds)
    })

    const fold = createFold(header.partitions)
    const found = lines.map((line) => outcomeOf(line, fold))
    for (const [index, line] of lines.entries()) {
      const where = `${line.partition}/${line.offset}`
      const since = readSince.get(`${name} ${where}`)
      const expected = since === undefined ? line.expected : { kind: since }
      test(`decides ${where} as ever: ${Object.values(expected).join(' ')}`, () => {
        if (since !== undefined) assert.deepEqual(line.expected, { kind: 'halt' })
        assert.deepEqual(found[index], expected)
      })
    }
  })
}

function outcomeOf(line: Line, fold: Fold): Line['expected'] {
  const { partition, offset, value, base64 } = line
  const bytes = base64 === undefined ? Buffer.from(value ?? '') : Buffer.from(base64, 'base64')
  const appendedAt = Date.parse(line.appendedAt)
  const read = readRecord(fold, { partition, offset, appendedAt, value: bytes })
  if (read.kind === 'void') return { kind: 'void' }
  if (read.kind === 'unknown') return { kind: 'halt' }
  const { outcome } = applyCommand(fold, read.message)
  if (!('issued' in outcome)) return { kind: outcome.kind }
  const { slot, claimId } = outcome.issued
  return { kind: outcome.kind, slot, claimId }
}
