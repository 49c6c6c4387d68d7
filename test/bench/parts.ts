// The parts of the benchmark, in the order that they run in.

import { measureDistributed } from './distributed/distributed.ts'
import { measureIdle } from './distributed/idle.ts'
import { measureEmbedded } from './embedded.ts'
import { measureHistory } from './history/history.ts'
import { measureWinners } from './history/winners.ts'
import { measureOrders } from './orders/orders.ts'
import { measureOrdersAudit } from './orders/orders-audit.ts'
import { measureRedemptions } from './orders/redemptions.ts'
import { measureStatements } from './orders/statements.ts'
import { measureProof } from './proof.ts'
import { measureScale } from './scale/scale.ts'
import type { Part, PartOptions } from './summary/part.ts'
import { measureConsoles } from './turns/consoles.ts'
import { measureProofs } from './turns/proofs.ts'
import { measureTokens } from './turns/tokens.ts'

const kafka = (options: PartOptions) => measureDistributed({ ...options, only: 'sustained' })

export const parts = {
  embedded: {
    about: 'claims on one process, beside servers that answer a constant',
    minutes: 3,
    run: measureEmbedded,
  },
  winners: { about: 'ten million winners in memory', minutes: 2, run: measureWinners },
  history: {
    about: 'start and audit with a million and five million claims',
    minutes: 8,
    run: measureHistory,
  },
  kafka: { about: 'winning claims through Kafka for a minute', minutes: 3, run: kafka },
  idle: { about: 'the distributed roles with nothing to do', minutes: 2, run: measureIdle },
  statements: {
    about: 'what an order alone asks of PostgreSQL',
    minutes: 1,
    run: measureStatements,
  },
  orders: {
    about: 'orders alone, paced and at saturation',
    minutes: 6,
    only: ['distributed', 'embedded', 'alone', 'paces', 'speed', 'costs'],
    run: measureOrders,
  },
  'orders-audit': { about: 'the audit of 60,000 orders', minutes: 4, run: measureOrdersAudit },
  proofs: { about: 'claims with and without proofs, in turns', minutes: 3, run: measureProofs },
  consoles: {
    about: 'claims with five consoles open and with none, in turns',
    minutes: 3,
    run: measureConsoles,
  },
  tokens: {
    about: 'claims by HS256, with an audience, and by ES256, in turns',
    minutes: 4,
    run: measureTokens,
  },
  redemptions: {
    about: 'redemptions beside orders, in turns',
    minutes: 2,
    only: ['distributed'],
    run: measureRedemptions,
  },
  scale: {
    about: '10⁴ to 10⁷ coupons issued, and 1, 2 and 4 API processes',
    minutes: 8,
    only: ['history', 'nodes'],
    run: measureScale,
  },
  distributed: {
    about: 'the distributed profile beside three usual builds of the same job',
    minutes: 6,
    only: ['b1', 'b2', 'b3', 'b5', 'gate', 'sustained'],
    run: measureDistributed,
  },
  proof: {
    about: 'checking a sale of a million entries by command, program and page',
    minutes: 2,
    run: measureProof,
  },
} as const satisfies Record<string, Part>
export type PartName = keyof typeof parts

/** What the table of wanted figures needs. */
export const usualParts: readonly PartName[] = [
  ...(['embedded', 'winners', 'history', 'kafka', 'idle'] as const),
  ...(['statements', 'orders', 'orders-audit'] as const),
  ...(['proofs', 'consoles', 'tokens', 'redemptions'] as const),
]
