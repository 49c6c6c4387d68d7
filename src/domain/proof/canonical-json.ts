// Canonical JSON (RFC 8785) of the values that leaves are made of: objects, lists, texts, whole
// numbers and `true`. One value has one text, so that one hash stands for one value.

/** Throws for what a leaf never holds. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string' || value === true) return JSON.stringify(value)
  if (Number.isSafeInteger(value)) return String(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) throw new TypeError('no value of a leaf')
  const fields = value as Readonly<Record<string, unknown>>
  const pairs = Object.keys(fields)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(fields[name])}`)
  return `{${pairs.join(',')}}`
}

/** Null: no JSON, or not its one canonical text. */
export function parseCanonical(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return canonicalJson(value) === text ? value : null
  } catch {
    return null
  }
}
