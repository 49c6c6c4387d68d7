// The documents as their tests read them: which pages there are, in sections, and their tables.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, codeRowsOf, type Section, sectionsOf } from './markdown.ts'

export const root = join(import.meta.dirname, '../../..')
export const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** In English and in Korean. */
export const translated = ['README', 'docs/tour', 'docs/reference', 'docs/when-things-go-wrong']
export const english = translated.flatMap((page) => sectionsOf(read(`${page}.md`)))
export const korean = translated.flatMap((page) => sectionsOf(read(`${page}.ko.md`)))
export const operating = sectionsOf(read('docs/operating.md'))

/** Of tables, those whose first cell is code of this kind. */
export function rowsOf(sections: readonly Section[], name: RegExp): string[][] {
  const rows = sections.flatMap(({ prose }) => codeRowsOf(prose))
  return rows.filter(([first = '']) => name.test(first))
}

export function firstLine({ text }: Block): string {
  return text.split('\n')[0] ?? ''
}
