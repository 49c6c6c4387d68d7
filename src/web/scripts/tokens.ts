// The words and signs of a script of ours, without what stands between them. Strings, patterns and
// the texts of templates are one token each; a template's values are tokens of their own.

export type Token = { text: string; isName: boolean; lineBefore: boolean }

const blank = String.raw`\s+|\/\/.*|\/\*[^]*?\*\/`
const quoted = String.raw`'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"`
const name = String.raw`#?[\p{L}_$][\p{L}\p{N}_$]*`
const parts = new RegExp(`${blank}|${quoted}|${name}|\\d[\\w.]*|\\.{3}|=>|\\?\\.|[^]`, 'gu')
const pattern = /\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[])+\/\w*/y
const quasi = /(?:\\[^]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const templates: number[] = []
  let depth = 0
  let lineBefore = false
  const take = (shape: RegExp, from: number): string => {
    shape.lastIndex = from
    return shape.exec(text)?.[0] ?? ''
  }
  for (let at = 0; at < text.length; ) {
    parts.lastIndex = at
    let word = parts.exec(text)?.[0] ?? ''
    const isBlank = /^(\s|\/\/|\/\*)/.test(word)
    if (word === '/' && mayBeginPattern(tokens.at(-1))) word = take(pattern, at)
    else if (word === '{') depth++
    else if (word === '}' && templates.at(-1) === depth) word += take(quasi, at + 1)
    else if (word === '}') depth--
    if (word === '`') word += take(quasi, at + 1)
    if (/^[`}]/.test(word) && word.endsWith('${') && word[0] === '`') templates.push(depth)
    else if (word.length > 1 && word[0] === '}' && word.endsWith('`')) templates.pop()
    at += word.length
    if (isBlank) lineBefore ||= word.includes('\n')
    else {
      tokens.push({ text: word, isName: /^#?[\p{L}_$]/u.test(word), lineBefore })
      lineBefore = false
    }
  }
  return tokens
}

/** After a value a stroke divides. */
function mayBeginPattern(before: Token | undefined): boolean {
  if (before === undefined || before.text === 'return') return true
  return !before.isName && /^[^)\]}'"`\d]/.test(before.text)
}
