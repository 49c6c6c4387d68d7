// How figures are written in what a rehearsal shows to people.

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
