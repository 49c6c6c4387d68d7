// The parts of the benchmark, in the order that they run in. What a part needs is loaded when it is
// run: so the others are not in its memory, and nobody waits for them.

import type { Part } from './summary/part.ts'

export const parts = {
  embedded: {
    about: 'claims on one process, beside servers that answer a constant',
    minutes: 3,
    run: async (options) => (await import('./embedded.ts')).measureEmbedded(options),
  },
  winners: {
    about: 'ten million winners in memory',
    minutes: 2,
    run: async (options) => (await import('./history/winners.ts')).measureWinners(options),
  },
  history: {
    about: 'start and audit with a million and five million claims',
    minutes: 12,
    run: async (options) => (await import('./history/history.ts')).measureHistory(options),
  },
  kafka: {
    about: 'winning claims through Kafka for a minute',
    minutes: 3,
    run: async (options) =>
      (await import('./distributed/distributed.ts')).measureDistributed({
        ...options,
        only: 'sustained',
      }),
  },
  idle: {
    about: 'the distributed roles with nothing to do',
    minutes: 2,
    run: async (options) => (await import('./distributed/idle.ts')).measureIdle(options),
  },
  statements: {
    about: 'what an order alone asks of PostgreSQL',
    minutes: 1,
    run: async (options) => (await import('./orders/statements.ts')).measureStatements(options),
  },
  orders: {
    about: 'orders alone, paced and at saturation',
    minutes: 6,
    only: ['distributed', 'embedded', 'alone', 'paces', 'speed', 'costs'],
    run: async (options) => (await import('./orders/orders.ts')).measureOrders(options),
  },
  'orders-audit': {
    about: 'the audit of 60,000 orders',
    minutes: 6,
    run: async (options) => (await import('./orders/orders-audit.ts')).measureOrdersAudit(options),
  },
  proofs: {
    about: 'claims with and without proofs, in turns',
    minutes: 3,
    run: async (options) => (await import('./turns/proofs.ts')).measureProofs(options),
  },
  consoles: {
    about: 'claims with five consoles open and with none, in turns',
    minutes: 3,
    run: async (options) => (await import('./turns/consoles.ts')).measureConsoles(options),
  },
  tokens: {
    about: 'claims by HS256, with an audience, and by ES256, in turns',
    minutes: 4,
    run: async (options) => (await import('./turns/tokens.ts')).measureTokens(options),
  },
  redemptions: {
    about: 'redemptions beside orders, in turns',
    minutes: 2,
    only: ['distributed'],
    run: async (options) => (await import('./orders/redemptions.ts')).measureRedemptions(options),
  },
  scale: {
    about: '10⁴ to 10⁷ coupons issued, and 1, 2 and 4 API processes',
    minutes: 8,
    only: ['history', 'nodes'],
    run: async (options) => (await import('./scale/scale.ts')).measureScale(options),
  },
  distributed: {
    about: 'the distributed profile beside three usual builds of the same job',
    minutes: 6,
    only: ['b1', 'b2', 'b3', 'b5', 'gate', 'sustained'],
    run: async (options) =>
      (await import('./distributed/distributed.ts')).measureDistributed(options),
  },
  proof: {
    about: 'checking a sale of a million entries by command, program and page',
    minutes: 2,
    run: async (options) => (await import('./proof.ts')).measureProof(options),
  },
} as const satisfies Record<string, Part>
export type PartName = keyof typeof parts

/** What the table of wanted figures needs. */
export const usualParts: readonly PartName[] = [
  ...(['embedded', 'winners', 'history', 'kafka', 'idle'] as const),
  ...(['statements', 'orders', 'orders-audit'] as const),
  ...(['proofs', 'consoles', 'tokens', 'redemptions'] as const),
]
