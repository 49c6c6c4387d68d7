// How far the log kept the order in which claims reached the node, as the node itself counts it: of
// pairs of claims near each other in the log, those that stand there the other way round.

/** `node`: when it began, by which one is told from the next. */
export type ArrivalCounts = { node: number; pairs: number; inversions: number }
export type Arrivals = Omit<ArrivalCounts, 'node'>

/** Of the text of /metrics; null: it does not say. */
export function arrivalCounts(metrics: string): ArrivalCounts | null {
  const valueOf = (name: string) => {
    const [, value] = new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec(metrics) ?? []
    return value === undefined ? Number.NaN : Number(value)
  }
  const node = valueOf('process_start_time_seconds')
  const pairs = valueOf('firstcome_arrival_pairs_total')
  const inversions = valueOf('firstcome_arrival_inversions_total')
  return [node, pairs, inversions].every((value) => value >= 0) ? { node, pairs, inversions } : null
}

/** Null where not the same node has answered twice: it began anew, or there are several. */
export function arrivalsSince(
  before: ArrivalCounts | null,
  after: ArrivalCounts | null,
): Arrivals | null {
  if (before === null || after === null || before.node !== after.node) return null
  return { pairs: after.pairs - before.pairs, inversions: after.inversions - before.inversions }
}
