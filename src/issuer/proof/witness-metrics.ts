// What witnesses have answered, as metrics.

import { Counter, type Registry } from 'prom-client'
import { type WitnessOutcome, witnessOutcomes } from './witness-question.ts'

/** `names`: of the witnesses that are asked. */
export function addWitnessMetrics(
  registry: Registry,
  names: readonly string[],
): (witness: string, outcome: WitnessOutcome) => void {
  const asked = new Counter({
    name: 'firstcome_witness_questions_total',
    help: 'Checkpoints that a witness was asked to cosign, by what came of it',
    labelNames: ['witness', 'outcome'],
    registers: [registry],
  })
  // Each is there from the start, so that the first of a kind are an increase.
  for (const witness of names) {
    for (const outcome of witnessOutcomes) asked.inc({ witness, outcome }, 0)
  }
  return (witness, outcome) => asked.inc({ witness, outcome })
}
