// What a run of several parts ends with: each wanted figure beside the measured one, as rows of a
// table in Markdown, so that docs/performance.md can have them as they are printed.

import type { Figures } from './part.ts'
import type { Wanted, WantedFigure } from './wanted.ts'

export type Measured = {
  /** Of all parts that were through. */
  figures: Figures
  /** By part that failed, why. */
  failed: ReadonlyMap<string, string>
}

const header = ['', 'wanted', 'measured', '', 'by']
const none = '–'

/** Rows of which nothing was measured, and nothing failed, are left out. */
export function summaryText(rows: readonly Wanted[], { figures, failed }: Measured): string {
  const lines = rows
    .filter((row) => failed.has(row.part) || row.figures.some(({ name }) => name in figures))
    .map((row) => [
      row.what,
      boundsText(row),
      row.figures.map((figure) => valueText(figure, figures[figure.name])).join(' / '),
      verdictOf(row, { figures, failed }),
      `\`${row.part}\``,
    ])
  if (lines.length === 0) return ''
  const widths = header.map((_, column) => {
    return Math.max(3, ...[header, ...lines].map((line) => line[column]?.length ?? 0))
  })
  const rule = widths.map((width) => '-'.repeat(width))
  const padded = [header, rule, ...lines].map((line) => {
    return `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  })
  const reasons = [...failed].map(([part, why]) => `\n${part} failed: ${why}`)
  return `${[...padded, ...reasons].join('\n')}\n`
}

/** Whether it is as wanted; `void` where something did not count, `in part` where it is missing. */
export function verdictOf({ part, figures: asked }: Wanted, measured: Measured): string {
  if (measured.failed.has(part)) return 'failed'
  if (asked.every(({ most, least }) => most === undefined && least === undefined)) return ''
  const values = asked.map((figure) => [figure, measured.figures[figure.name]] as const)
  if (values.some(([, value]) => Number.isNaN(value))) return 'void'
  if (values.some(([figure, value]) => value !== undefined && !isHeld(figure, value))) return 'no'
  return values.every(([, value]) => value !== undefined) ? 'yes' : 'in part'
}

function isHeld({ most, least }: WantedFigure, value: number): boolean {
  const [low, high] = [least ?? Number.NEGATIVE_INFINITY, most ?? Number.POSITIVE_INFINITY]
  return value >= low && value <= high
}

export function boundsText({ figures }: Wanted): string {
  return figures.map(boundText).join(' / ')
}

function boundText({ most, least }: WantedFigure): string {
  if (most !== undefined) return `≤ ${most.toLocaleString('en')}`
  return least === undefined ? none : `≥ ${least.toLocaleString('en')}`
}

function valueText({ digits }: WantedFigure, value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? none : numberText(value, digits)
}

function numberText(value: number, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return value.toLocaleString('en', options)
}
