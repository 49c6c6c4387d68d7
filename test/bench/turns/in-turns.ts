// Measures several things in turns within one run, so that what else the machine does meets all of
// them alike: in each round every side once, and in each round another one is the first.

import { median } from '../statistics.ts'

export type Turn = {
  perSecond: number
  /** Processor time of the thread that answers, for one of them. */
  microseconds: number
}
export type Side = { name: string; measure(round: number): Promise<Turn> }
export type Measured = {
  name: string
  /** Medians of the rounds. */
  perSecond: number
  microseconds: number
  /** The smallest and the largest. */
  range: [number, number]
  /** Of these medians to those of the first side. */
  speedRatio: number
  costRatio: number
}
export type Turns = { rounds: number; onRound(round: number): void }

/** Round 0 is practice: the engine compiles what is called often. */
export async function measureInTurns(
  sides: readonly Side[],
  { rounds, onRound }: Turns,
): Promise<Measured[]> {
  const turns = sides.map((): Turn[] => [])
  for (let round = 0; round <= rounds; round += 1) {
    onRound(round)
    for (let n = 0; n < sides.length; n += 1) {
      const at = (round + n) % sides.length
      const turn = await sides[at]?.measure(round)
      if (round > 0 && turn !== undefined) turns[at]?.push(turn)
    }
  }
  return compared(sides.map(({ name }, at) => ({ name, turns: turns[at] ?? [] })))
}

export function compared(sides: readonly { name: string; turns: readonly Turn[] }[]): Measured[] {
  const medians = sides.map(({ name, turns }) => {
    const speeds = turns.map(({ perSecond }) => perSecond)
    const range: Measured['range'] = [Math.min(...speeds), Math.max(...speeds)]
    const microseconds = median(turns.map((turn) => turn.microseconds))
    return { name, perSecond: median(speeds), microseconds, range }
  })
  const [first] = medians
  return medians.map((side) => ({
    ...side,
    speedRatio: side.perSecond / (first?.perSecond ?? Number.NaN),
    costRatio: side.microseconds / (first?.microseconds ?? Number.NaN),
  }))
}

export function measuredText(title: string, measured: readonly Measured[]): string {
  const head = `${''.padEnd(34)}a second        (range)   ratio   CPU µs   ratio`
  const lines = measured.map(({ name, perSecond, range, microseconds, ...ratios }) => {
    return [
      name.padEnd(28),
      whole(perSecond).padStart(14),
      `${whole(range[0])}–${whole(range[1])}`.padStart(15),
      ratios.speedRatio.toFixed(3).padStart(8),
      microseconds.toFixed(1).padStart(9),
      ratios.costRatio.toFixed(3).padStart(8),
    ].join('')
  })
  return `${[title, head, ...lines].join('\n')}\n`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
