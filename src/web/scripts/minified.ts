// Makes a joined module small, for pages that must be there at once and elements that a shop adds
// to its own: no white space, short names, and numbers where they are used.

import { type Names, namesOf } from './short-names.ts'
import { type Token, tokensOf } from './tokens.ts'

export function minified(script: string): string {
  const tokens = tokensOf(script)
  const names = namesOf(tokens)
  const constants = constantsOf(tokens, names)
  const wordOf = ({ text, isName }: Token) => {
    if (/^\d/.test(text)) return text.replaceAll('_', '')
    // What is never assigned again, as types have told, need not be said.
    if (text === 'const') return 'let'
    return isName ? (constants.get(text) ?? names.short.get(text) ?? text) : text
  }
  let text = ''
  let last: Token | undefined
  for (let at = 0; at < tokens.length; at++) {
    while (tokens[at]?.text === 'const' && constants.has(tokens[at + 1]?.text ?? '')) at += 4
    const token = tokens[at]
    if (token === undefined) break
    if (token.text === ',' && /^[)}\]]/.test(tokens[at + 1]?.text ?? '')) continue
    const next = { ...token, text: wordOf(token) }
    text += (last === undefined ? '' : between(last, next)) + next.text
    last = next
  }
  return `${text}\n`
}

/** Numbers that a module names at its top, by the names that nothing else has. */
function constantsOf(tokens: readonly Token[], { short, bindings }: Names): Map<string, string> {
  const constants = new Map<string, string>()
  for (const [at, { text }] of tokens.entries()) {
    const [name, sign, number, end] = tokens.slice(at + 1, at + 5)
    if (text !== 'const' || name === undefined || number === undefined) continue
    if (sign?.text !== '=' || !/^\d[\d_]*$/.test(number.text) || !end?.lineBefore) continue
    if (!short.has(name.text) || bindings.get(name.text) !== 1) continue
    constants.set(name.text, String(Number(number.text.replaceAll('_', ''))))
  }
  return constants
}

/** A line end stays but where a statement cannot end, or cannot begin. */
function between(last: Token, next: Token): string {
  if (next.lineBefore && !/^([([{,:;?=&|<>!+*.]|=>|\?\.)$/.test(last.text)) {
    if (!/^([)\]},.:?=&|;]|\?\.)/.test(next.text)) return '\n'
  }
  const isWord = (text: string | undefined) => /[\p{L}\p{N}_$]/u.test(text ?? '')
  if (isWord(last.text.at(-1)) && (isWord(next.text[0]) || next.text[0] === '#')) return ' '
  return /^[+-]$/.test(last.text) && last.text === next.text ? ' ' : ''
}
