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
    // Faster than `canonicalJson(value) === text`, for whoever reads a million leaves.
    return isCanonical(value) && JSON.stringify(value) === text ? value : null
  } catch {
    return null
  }
}

/** Whether it holds nothing but what leaves hold, and its fields are in order. */
function isCanonical(value: unknown): boolean {
  if (typeof value === 'string' || value === true) return true
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (Array.isArray(value)) return value.every(isCanonical)
  if (typeof value !== 'object' || value === null) return false
  let last = ''
  for (const [name, one] of Object.entries(value)) {
    if (name < last || !isCanonical(one)) return false
    last = name
  }
  return true
}
