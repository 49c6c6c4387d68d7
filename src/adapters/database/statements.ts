// Reads the SQL of sql/statements by name, once for each store that asks, at its start: a missing
// file is found before anything runs. What the consumers of orders share is written once and says
// `{schema}`, because each has tables of the same shape in a schema of its own; `{name}` of another
// statement stands for its text.

import { readFileSync } from 'node:fs'
import type { Statement } from './database.ts'

const directory = new URL('../../../sql/statements/', import.meta.url)

export function loadStatements<Name extends string>(
  names: readonly Name[],
  schema?: string,
): Readonly<Record<Name, Statement>> {
  const loaded = names.map((file): [Name, Statement] => {
    const written = read(file).replaceAll(/\{(?!schema\})([a-z-]+)\}/g, (_, other) => read(other))
    if (schema === undefined) return [file, { name: file, text: written }]
    const text = written.replaceAll('{schema}', schema)
    return [file, { name: `${schema}.${file}`, text }]
  })
  return Object.fromEntries(loaded) as Record<Name, Statement>
}

function read(file: string): string {
  return readFileSync(new URL(`${file}.sql`, directory), 'utf8')
}
