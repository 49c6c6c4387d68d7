// The metrics of whoever makes the proof of sales.

import { Counter, type Registry } from 'prom-client'
import { addClaimsConsumerMetrics, type Progress } from '../claims-consumer-metrics.ts'
import type { ProofObserver } from './proof-consumer.ts'

const alike = {
  position: {
    name: 'firstcome_proof_position',
    help: 'The next offset of the claims log that is to come into the trees',
  },
  lag: {
    name: 'firstcome_proof_lag_records',
    help: 'Records of the claims log that are not in the trees yet',
  },
  retries: {
    name: 'firstcome_proof_retries_total',
    help: 'Calls for the proof, of the database or the log, that failed and are tried again',
  },
}

export function addProofMetrics(registry: Registry, progress: Progress): ProofObserver {
  const registers = [registry]
  const leaves = new Counter({
    name: 'firstcome_proof_leaves_total',
    help: 'Leaves that were stored in the trees of coupons',
    registers,
  })
  const checkpoints = new Counter({
    name: 'firstcome_proof_checkpoints_total',
    help: 'Checkpoints that were signed and published',
    registers,
  })
  return {
    applied: (added) => leaves.inc(added),
    published: (count) => checkpoints.inc(count),
    waiting: addClaimsConsumerMetrics(registry, alike, progress),
  }
}
