// The table of mutants is true of the sources as they are. That their tests find them is shown by
// `npm run mutants`, which takes minutes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { nameOf, outOfDate } from './mutant.ts'
import { mutants } from './table.ts'

const root = join(import.meta.dirname, '..', '..')

describe('the table of mutants', () => {
  it('changes one place with each, and names a test file that is there', () => {
    assert.deepEqual(outOfDate(root, mutants).map(nameOf), [])
  })

  it('has each of them once, and not only a few', () => {
    assert.equal(new Set(mutants.map(nameOf)).size, mutants.length)
    assert.ok(mutants.length >= 60)
  })
})
