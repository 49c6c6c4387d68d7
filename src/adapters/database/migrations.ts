// Brings the schema up to date: runs the files of sql/migrations that have not run yet, forward
// only, all in one transaction, so it may be killed or run twice at any time. Of our own, because
// node-pg-migrate needs a pg client and cannot reach PGlite. A migration that was edited after it
// ran, or that this version does not know, is refused: the schema is then not what the code means.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { PortError } from '../../ports/port-error.ts'
import type { Database, Queryable } from './database.ts'
import { loadStatements } from './statements.ts'

export type Migration = { name: string; text: string }

const directory = new URL('../../../sql/migrations/', import.meta.url)

/** In order; the first one makes the table that remembers the others, and is run every time. */
export function readMigrations(): Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => {
    return { name, text: readFileSync(new URL(name, directory), 'utf8') }
  })
}

/** Resolves to the names of the migrations that it ran, in order. */
export async function migrate(
  database: Database,
  migrations = readMigrations(),
): Promise<string[]> {
  await checkEncoding(database)
  const statements = loadStatements(['lock-migrations', 'record-migration'])
  return database.transaction(async (session) => {
    await session.query(statements['lock-migrations'])
    const [first] = migrations
    if (first !== undefined) await session.script(first.text)
    const { pending, strangers } = await compare(session, migrations)
    if (strangers[0] !== undefined) {
      throw new PortError('store_broken', `${strangers[0]}: ${otherVersionHint}`)
    }
    for (const { name, text } of pending) {
      await session.script(text)
      await session.query(statements['record-migration'], [name, sha256(text)])
    }
    return pending.map(({ name }) => name)
  })
}

/** Why this version cannot work with the schema as it is, and the way out; nothing where it can. */
export async function migrationFaults(
  database: Queryable,
  migrations = readMigrations(),
): Promise<string[]> {
  await checkEncoding(database)
  const { rows } = await database.query(loadStatements(['find-migrations'])['find-migrations'])
  if (rows[0]?.[0] === null) return ['nothing was ever migrated there', migrateHint]
  const { pending, strangers } = await compare(database, migrations)
  // Where another version has run its own, "migrate" of this one would refuse, too.
  if (strangers.length > 0) return [...strangers, otherVersionHint]
  const missing = pending.map(({ name }) => `migration ${name} has not run yet`)
  return missing.length === 0 ? [] : [...missing, migrateHint]
}

export const migrateHint = 'run "firstcome migrate" of this version first'
export const otherVersionHint = 'use the version that has run it, or restore a dump of before'

/** Before anything else: another one cannot hold every name, and can never be changed. */
async function checkEncoding(database: Queryable): Promise<void> {
  const { rows } = await database.query(loadStatements(['read-encoding'])['read-encoding'])
  const [encoding] = rows[0] ?? []
  if (encoding === 'UTF8') return
  const wayOut = 'make another one: createdb --encoding UTF8 --template template0'
  throw new PortError('store_broken', `the database keeps text as ${encoding}, not UTF8; ${wayOut}`)
}

/** What has not run yet, and what has run, but not as this version knows it. */
async function compare(database: Queryable, [, ...migrations]: readonly Migration[]) {
  const { rows } = await database.query(loadStatements(['read-migrations'])['read-migrations'])
  const ran = new Map(rows.map((row) => row as readonly [string, string]))
  const known = new Map(migrations.map(({ name, text }) => [name, sha256(text)]))
  const strangers: string[] = []
  for (const [name, checksum] of ran) {
    const expected = known.get(name)
    if (expected === checksum) continue
    const reason =
      expected === undefined ? 'this version does not know it' : 'its file is another one now'
    strangers.push(`migration ${name} has run on this database, but ${reason}`)
  }
  return { pending: migrations.filter(({ name }) => !ran.has(name)), strangers }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
