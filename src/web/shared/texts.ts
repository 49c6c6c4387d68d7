// The languages of all pages, and how what is counted gets into a text of theirs.

export type Language = 'en' | 'ko'

/** `{name}` stands for a value. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}
