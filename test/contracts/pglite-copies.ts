// PGlite's data directories for tests. The first is created, which takes seconds of a processor,
// and kept beside the installed packages; whoever needs one after that has a copy.

import { cpSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../src/adapters/database/database.ts'
import { openDatabasePglite } from '../../src/adapters/database/pglite.ts'

export type PgliteCopies = {
  /** The directory of a new copy, not opened. */
  copy(): Promise<string>
  /** Deletes them all. */
  remove(): Promise<void>
}

const packages = join(import.meta.dirname, '../../node_modules')

export async function createPgliteCopies(): Promise<PgliteCopies> {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-pglite-'))
  let copies = 0
  return {
    async copy() {
      copies++
      const target = join(directory, `${copies}`)
      await copyPglite(target)
      return target
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** On a copy that is deleted when it is closed. */
export async function openPgliteCopy(): Promise<Database> {
  const copies = await createPgliteCopies()
  const database = await openDatabasePglite({ directory: await copies.copy() })
  return {
    ...database,
    async close() {
      await database.close()
      await copies.remove()
    },
  }
}

/** As PGlite creates it, without a table. */
export async function copyPglite(target: string): Promise<void> {
  cpSync(await original(), target, { recursive: true })
}

async function original(): Promise<string> {
  const { version } = JSON.parse(
    readFileSync(join(packages, '@electric-sql/pglite/package.json'), 'utf8'),
  ) as { version: string }
  const kept = join(packages, '.cache/firstcome', `pglite-${version}`)
  if (existsSync(kept)) return kept
  await mkdir(join(kept, '..'), { recursive: true })
  const made = await mkdtemp(`${kept}-`)
  await (await openDatabasePglite({ directory: join(made, 'data') })).close()
  // Another test file may have been first.
  await rename(join(made, 'data'), kept).catch((error: unknown) => {
    if (!existsSync(kept)) throw error
  })
  await rm(made, { recursive: true, force: true })
  return kept
}
