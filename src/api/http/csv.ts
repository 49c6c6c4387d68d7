// Lines of a file that spreadsheets open (RFC 4180). They run what looks like a formula, and what
// people are called is for others to choose: such text gets an apostrophe in front.

/** With it spreadsheets read UTF-8. */
export const utf8Mark = '\uFEFF'

export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

function cellOf(value: string | number | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  const plain = formula.test(value) ? `'${value}` : value
  return /^[\w.:-]*$/.test(plain) ? plain : `"${plain.replaceAll('"', '""')}"`
}

/** Also behind spaces, and in the wide forms of East Asian keyboards. */
const formula = /^[\s\p{Cf}]*[=+\-@＝＋－＠\t\r]/u
