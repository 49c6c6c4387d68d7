// Reads the SQL of sql/statements by name, once for each store that asks, at its start: a missing
// file is found before anything runs.

import { readFileSync } from 'node:fs'
import type { Statement } from './database.ts'

const directory = new URL('../../sql/statements/', import.meta.url)

export function loadStatements<Name extends string>(
  names: readonly Name[],
): Readonly<Record<Name, Statement>> {
  const loaded = names.map((name): [Name, Statement] => {
    return [name, { name, text: readFileSync(new URL(`${name}.sql`, directory), 'utf8') }]
  })
  return Object.fromEntries(loaded) as Record<Name, Statement>
}
