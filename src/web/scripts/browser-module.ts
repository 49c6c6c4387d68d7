// Makes of the TypeScript here what a browser runs: types taken away, comments and indentation too.
// A module is served by itself, or joined with all that it imports into one file, for pages and
// elements that must be there at once. Nothing is compiled: a line stays a line, a name its name.

import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * Served by itself: what it imports has the same path, ending in `.js`. `standIns`: the paths of
 * what stands in the place of modules that a browser does not have.
 */
export function moduleText(path: string, standIns: Readonly<Record<string, string>> = {}): string {
  return plain(path)
    .replaceAll(/(from '\.[^']*|import\('\.[^']*)\.ts'/g, "$1.js'")
    .replaceAll(/ from '(node:[^']*)'/g, (whole, name: string) => {
      return name in standIns ? ` from '${standIns[name]}'` : whole
    })
}

/** With all that it imports, which is ours alone: no two of the files may have a name in common. */
export function joinedText(path: string): string {
  const seen = new Set<string>()
  const texts: string[] = []
  const add = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = plain(file)
    for (const [, imported = ''] of text.matchAll(imports)) add(join(dirname(file), imported))
    texts.push(text.replaceAll(imports, '').replaceAll(/^export /gm, ''))
  }
  add(path)
  return texts.join('')
}

const imports = /^import [^']*?'(\.[^']+)'\n/gm

function plain(path: string): string {
  const stripped = withoutTypes(readFileSync(path, 'utf8'))
  const lines = stripped.replaceAll(/^\s*\/\*[^]*?\*\/$/gm, '').split('\n')
  const kept = lines.map((line) => line.trim()).filter((line) => !/^$|^\/\//.test(line))
  return `${kept.join('\n')}\n`
}

/** Node warns once that this may change; the version of Node is pinned, and tests tell. */
function withoutTypes(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}
