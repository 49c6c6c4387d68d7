// The parts of the benchmark, the table of what is wanted of them, and the document that has it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parts, usualParts } from './parts.ts'
import { boundsText } from './summary/summary.ts'
import { wanted } from './summary/wanted.ts'

const document = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')

describe('the parts of the benchmark', () => {
  it('that run by themselves are those that measure what is wanted', () => {
    const measuring = new Set(wanted.map(({ part }) => part))
    assert.deepEqual([...measuring].toSorted(), usualParts.toSorted())
  })

  it('are all named in the document', () => {
    const missing = Object.keys(parts).filter((name) => !document.includes(`\`${name}\``))
    assert.deepEqual(missing, [])
  })

  it('have in the document the rows that a run prints', () => {
    const rows = document
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, what, bounds, , , part]) => ({ what, bounds, part }))
    for (const row of wanted) {
      const printed = { what: row.what, bounds: boundsText(row), part: `\`${row.part}\`` }
      assert.ok(
        rows.some((other) => JSON.stringify(other) === JSON.stringify(printed)),
        `no row in docs/performance.md: ${JSON.stringify(printed)}`,
      )
    }
  })
})
