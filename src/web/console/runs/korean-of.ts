// Says in Korean what the service has said in English, for reports are files that are passed on:
// by a table of its sentences, with figures as {n}, and what is named in them as {x}.

/** null: it is none of these sentences, but of another version, or what an error says. */
export type InKorean = (text: string) => string | null

type Pattern = { pattern: RegExp; names: string[]; korean: string }

/**
 * `valueInKorean`: for what is named; absent: it may be such a sentence again.
 * Of a longer sentence a shorter one may be a part, so the one with most words of its own counts.
 */
export function koreanOf(
  sentences: Readonly<Record<string, string>>,
  valueInKorean?: (value: string, name: string) => string | null,
): InKorean {
  let known: Pattern[] | undefined
  function inKorean(text: string): string | null {
    known ??= inOrder(Object.entries(sentences)).map(patternOf)
    for (const { pattern, names, korean } of known) {
      const found = pattern.exec(text)
      if (found === null) continue
      const values = new Map(names.map((name, n) => [name, found[n + 1] ?? '']))
      return korean.replace(/\{(\w)\}/g, (_, name: string) => {
        const value = values.get(name) ?? ''
        return value === text ? value : ((valueInKorean ?? inKorean)(value, name) ?? value)
      })
    }
    return null
  }
  return inKorean
}

function patternOf([english, korean]: [string, string]): Pattern {
  const names = [...english.matchAll(/\{(\w)\}/g)].map(([, name = '']) => name)
  const source = english
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replaceAll('\\(s\\)', 's?')
    .replace(/\{[i-n]\}/g, '(-?[\\d,.]+)')
    .replace(/\{[p-z]\}/g, '(.+?)')
  return { pattern: new RegExp(`^${source}$`, 'su'), names, korean }
}

/** And a figure fits less than a name does. */
function inOrder(entries: [string, string][]): [string, string][] {
  const own = (english: string) => english.replace(/\{\w\}/g, '').length
  const free = (english: string) => english.match(/\{[p-z]\}/g)?.length ?? 0
  return entries.toSorted(([a], [b]) => own(b) - own(a) || free(a) - free(b))
}
