// Compares a row with what the log gives, column by column. A further column is a further entry.

/** Some columns of any of the shapes that a row may have. */
export type Columns<Row> = Partial<Record<ColumnOf<Row>, unknown>>
type ColumnOf<Row> = Row extends unknown ? keyof Row : never

/** `onDifference` gets what the row has, and what the log gives instead. */
export function compareColumns<Row extends object>(
  row: Row,
  fromLog: Columns<Row>,
  onDifference: (text: string) => void,
): void {
  for (const [column, given] of Object.entries(fromLog)) {
    const found = row[column as keyof Row]
    if (isSame(found, given)) continue
    onDifference(`${column} ${shown(found)}, the log gives ${shown(given)}`)
  }
}

/** The same text for the same value: a database gives fields back in another order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) => {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return canonicalJson(a) === canonicalJson(b)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? canonicalJson(value) : `${value as number | boolean}`
}
