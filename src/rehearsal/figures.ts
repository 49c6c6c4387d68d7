// How the figures of a rehearsal are counted, and written for people. Pure.

export function count(figure: number): string {
  return figure.toLocaleString('en-US')
}

/** "1 ask", "1,000 asks". */
export function counted(figure: number, noun: string): string {
  return `${count(figure)} ${noun}${figure === 1 ? '' : 's'}`
}

/** A duration in the unit that suits it: "0.84 ms", "12.3 ms", "1.25 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 1 : 2)} s`
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`
}

/** Codes and ids come from elsewhere: control characters could rewrite what is shown. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}')
}

/** How far something is, for a line of progress. */
export function share(part: number, whole: number): string {
  return `${count(part).padStart(count(whole).length)} of ${count(whole)}`
}

export function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

export function sumOf<Figure extends string>(
  entries: Iterable<Record<Figure, number>>,
  figure: Figure,
): number {
  let sum = 0
  for (const entry of entries) sum += entry[figure]
  return sum
}
