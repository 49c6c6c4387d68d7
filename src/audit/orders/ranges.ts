// Sums that are compared with what rows say.

/**
 * Sums by key of rows that need not be as of one moment: what may have moved while they were read
 * counts as a range. Rows as of one moment give a range of a single number.
 */
export type Ranges = {
  keys(): Iterable<string>
  /** As `add` takes them. */
  sums(): Sum[]
  /** A summand between `a` and `b`. */
  add(key: string, a: number, b?: number): void
  /** `onOutside` is told the range that does not contain the value. */
  compare(key: string, value: number, onOutside: (range: string) => void): void
}

export type Sum = [key: string, a: number, b: number]

export function createRanges(): Ranges {
  const ranges = new Map<string, { min: number; max: number }>()
  return {
    keys: () => ranges.keys(),
    sums: () =>
      ranges
        .entries()
        .toArray()
        .map(([key, { min, max }]) => [key, min, max]),
    add(key, a, b = a) {
      const range = ranges.get(key) ?? { min: 0, max: 0 }
      range.min += Math.min(a, b)
      range.max += Math.max(a, b)
      ranges.set(key, range)
    },
    compare(key, value, onOutside) {
      const { min, max } = ranges.get(key) ?? { min: 0, max: 0 }
      if (value >= min && value <= max) return
      onOutside(min === max ? String(min) : `${min} to ${max}`)
    },
  }
}
