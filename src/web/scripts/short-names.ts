// Short names for those that a joined module alone knows. Which these are is told by words and
// brackets, not by grammar, so it is careful instead: a name stays as it is where anything else,
// a property or a global, is called so anywhere, and else has one short name everywhere.

import type { Token } from './tokens.ts'

export type Names = {
  short: ReadonlyMap<string, string>
  /** How often each is declared. */
  bindings: ReadonlyMap<string, number>
}

const keywords = new Set(
  `async await break case catch class const constructor continue default delete do else export
  extends false finally for from function get if import in instanceof let new null of return set
  static super switch this throw true try typeof undefined void while`.split(/\s+/),
)
/** Of browsers, where they are called without `window`; Node's are asked of it. */
const globals = new Set(
  `addEventListener close document event history length location name open origin parent screen
  self status stop top window`.split(/\s+/),
)

/** The most frequent have one letter. Fields of classes must be private. */
export function namesOf(tokens: readonly Token[]): Names {
  const counts = new Map<string, number>()
  const kept = new Set([...keywords, ...globals, ...Object.getOwnPropertyNames(globalThis)])
  const bindings = new Map<string, number>()
  const groups = groupsOf(tokens)
  for (const [at, { text, isName }] of tokens.entries()) {
    if (!isName) continue
    count(counts, text)
    const place = { tokens, groups, at }
    const isPrivate = text.startsWith('#')
    if (isPrivate || isBound(place)) count(bindings, text)
    if (!isPrivate && isProperty(place)) kept.add(text)
  }
  const ours = [...counts].filter(([name]) => bindings.has(name) && !kept.has(name))
  const short = new Map<string, string>()
  let next = 0
  for (const [name] of ours.toSorted(([, one], [, other]) => other - one)) {
    let text = ''
    do text = letters(next++)
    while (counts.has(text) || keywords.has(text))
    short.set(name, name.startsWith('#') ? `#${text}` : text)
  }
  return { short, bindings }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function letters(n: number): string {
  const digit = (n % 26) + 10
  return (n >= 26 ? letters(Math.floor(n / 26) - 1) : '') + digit.toString(36)
}

type Groups = { openOf: number[]; closeOf: number[] }
type Place = { tokens: readonly Token[]; groups: Groups; at: number }

/** For each token the bracket around it, and for each bracket that opens the one that closes it. */
function groupsOf(tokens: readonly Token[]): Groups {
  const groups: Groups = { openOf: [], closeOf: [] }
  const open: number[] = []
  for (const [at, { text }] of tokens.entries()) {
    if (/^[)\]}]/.test(text)) groups.closeOf[open.pop() ?? -1] = at
    groups.openOf[at] = open.at(-1) ?? -1
    if (/^[([{]$|^[`}].*\$\{$/s.test(text)) open.push(at)
  }
  return groups
}

/** Declared by a word, or as a parameter, or as part of one. */
function isBound({ tokens, groups, at }: Place): boolean {
  const before = tokens[at - 1]?.text ?? ''
  if (/^(const|let|function|class)$/.test(before)) return true
  if (!/^([([{,:]|\.{3})$/.test(before)) return false
  for (let open = groups.openOf[at] ?? -1; open >= 0; open = groups.openOf[open] ?? -1) {
    const head = tokens[open - 1]?.text ?? ''
    if (tokens[open]?.text !== '(' && /^(const|let)$/.test(head)) return true
    if (tokens[open]?.text === '(' && isOfParameters(tokens, groups, open)) return true
    if (/^[`}]/.test(tokens[open]?.text ?? '')) return false
  }
  return false
}

function isOfParameters(tokens: readonly Token[], { closeOf }: Groups, open: number): boolean {
  const next = tokens[(closeOf[open] ?? 0) + 1]?.text
  const head = tokens[open - 1]?.text ?? ''
  return next === '=>' || (next === '{' && !/^(if|for|while|switch)$/.test(head))
}

/** By its place: after a dot, a key, a method, or short for a key. */
function isProperty({ tokens, groups, at }: Place): boolean {
  const before = tokens[at - 1]?.text ?? ''
  const next = tokens[at + 1]?.text ?? ''
  if (/^\??\.$/.test(before)) return true
  const isInBraces = tokens[groups.openOf[at] ?? -1]?.text === '{'
  if (!isInBraces) return false
  const isFirst = before === '{' || before === ','
  if (isFirst && /^[:,}=]$/.test(next)) return true
  return next === '(' && before !== 'function' && isOfParameters(tokens, groups, at + 1)
}
