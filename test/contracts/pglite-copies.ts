// PGlite databases for tests: the first is created, which takes seconds, the others are copies.

import { cpSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'

export type PgliteCopies = {
  /** The directory of a new copy, not opened. */
  copy(): Promise<string>
  /** Deletes them all. */
  remove(): Promise<void>
}

export async function createPgliteCopies(): Promise<PgliteCopies> {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-pglite-'))
  const original = join(directory, '0')
  await (await openDatabasePglite({ directory: original })).close()
  let copies = 0
  return {
    async copy() {
      copies++
      const target = join(directory, `${copies}`)
      cpSync(original, target, { recursive: true })
      return target
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
