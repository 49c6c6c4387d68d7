// What is wanted of this service on two cores, row by row, and which part of the benchmark
// measures it. A row has one figure or some, each with a bound or none.

export type Wanted = {
  what: string
  /** Of the benchmark: what measures it. */
  part: string
  figures: readonly WantedFigure[]
}
export type WantedFigure = {
  /** As the part names what it has measured. */
  name: string
  digits?: number
  most?: number
  least?: number
}

export const wanted: readonly Wanted[] = [
  {
    what: 'start with 1 M / 5 M claims in the log, s',
    part: 'history',
    figures: [
      { name: 'start1M', most: 1.5, digits: 2 },
      { name: 'start5M', most: 3, digits: 2 },
    ],
  },
  {
    what: '5 M winners on a heap of 1 GB: starts, serves, audits (1: it does)',
    part: 'history',
    figures: [
      { name: 'startsOnHeap', least: 1 },
      { name: 'servesOnHeap', least: 1 },
      { name: 'auditsOnHeap', least: 1 },
    ],
  },
  {
    what: 'audit of 1 M / 5 M claims, beside the service, s',
    part: 'history',
    figures: [
      { name: 'audit1M', most: 4, digits: 2 },
      { name: 'audit5M', most: 20, digits: 2 },
    ],
  },
  {
    what: 'memory of the audit of 1 M / 5 M claims, MB',
    part: 'history',
    figures: [{ name: 'audit1MMegabytes' }, { name: 'audit5MMegabytes' }],
  },
  {
    what: 'audit of 60,000 orders, s / MB',
    part: 'orders-audit',
    figures: [
      { name: 'ordersAuditSeconds', most: 3, digits: 2 },
      { name: 'ordersAuditMegabytes', most: 300 },
    ],
  },
  {
    what: 'an audit holds the thread that answers / so do its largest pages, ms',
    part: 'orders-audit',
    figures: [
      { name: 'auditHeldMs', most: 20, digits: 1 },
      { name: 'auditPagesHeldMs', most: 20, digits: 1 },
    ],
  },
  {
    what: 'memory a winner of 10 M of one coupon, B / longest stop of the event loop, ms',
    part: 'winners',
    figures: [
      { name: 'bytesAWinner', most: 80, digits: 1 },
      { name: 'longestStopMs', most: 30, digits: 1 },
    ],
  },
  {
    what: 'processor time beside a bare node:http server: sold out / winning claim',
    part: 'embedded',
    figures: [
      { name: 'soldOutToBare', most: 1.5, digits: 2 },
      { name: 'wonToBare', most: 2, digits: 2 },
    ],
  },
  {
    what: 'answers a second beside lean fastify: sold out / winner again / winning claim',
    part: 'embedded',
    figures: [
      { name: 'soldOutToLean', least: 0.95, digits: 2 },
      { name: 'againToLean', least: 0.95, digits: 2 },
      { name: 'wonToLean', least: 0.75, digits: 2 },
    ],
  },
  {
    what: 'told → row at half load, embedded, p50 / p99, ms',
    part: 'embedded',
    figures: [
      { name: 'rowMsP50', most: 3, digits: 1 },
      { name: 'rowMsP99', most: 25, digits: 1 },
    ],
  },
  {
    what: 'winning claims a second through Kafka for 60 s / answered p99, ms / last row, ms',
    part: 'kafka',
    figures: [
      { name: 'kafkaPerSecond', least: 10_000 },
      { name: 'kafkaMsP99', most: 500 },
      { name: 'kafkaRowMsMax', most: 1_000 },
    ],
  },
  {
    what: '… processor seconds per 1,000',
    part: 'kafka',
    figures: [{ name: 'kafkaSecondsPerThousand', most: 0.12, digits: 3 }],
  },
  {
    what: 'an order alone, placed → confirmed p50: embedded / distributed, ms',
    part: 'orders',
    figures: [
      { name: 'aloneMsEmbedded', most: 12, digits: 1 },
      { name: 'aloneMsDistributed', most: 20, digits: 1 },
    ],
  },
  {
    what: 'processor time of an order at 20 / 100 a second, embedded, ms',
    part: 'orders',
    figures: [
      { name: 'at20MsEmbedded', most: 6, digits: 1 },
      { name: 'at100MsEmbedded', most: 3, digits: 1 },
    ],
  },
  {
    what: '… distributed, all processes, ms',
    part: 'orders',
    figures: [
      { name: 'at20MsDistributed', most: 12, digits: 1 },
      { name: 'at100MsDistributed', most: 6, digits: 1 },
    ],
  },
  {
    what: 'statements / transactions of an order alone, PostgreSQL',
    part: 'statements',
    figures: [
      { name: 'statements', most: 40, digits: 1 },
      { name: 'transactions', most: 8, digits: 1 },
    ],
  },
  {
    what: 'all distributed roles with nothing to do, processor ms a second',
    part: 'idle',
    figures: [{ name: 'idleMs', most: 40, digits: 1 }],
  },
  {
    what: 'orders a second at saturation: embedded / distributed',
    part: 'orders',
    figures: [
      { name: 'ordersEmbedded', least: 2_500 },
      { name: 'ordersDistributed', least: 2_000 },
    ],
  },
  {
    what: '… distributed beside bare SQL',
    part: 'orders',
    figures: [{ name: 'ordersToBare', least: 0.8, digits: 2 }],
  },
  {
    what: 'winning claims a second with proofs to those without',
    part: 'proofs',
    figures: [{ name: 'withProofs', least: 0.98, digits: 3 }],
  },
  {
    what: 'counting the order of arrivals, part of a winning claim’s processor time',
    part: 'proofs',
    figures: [{ name: 'arrivalsPart', most: 0.02, digits: 3 }],
  },
  {
    what: 'winning claims a second with five consoles open to those with none',
    part: 'consoles',
    figures: [{ name: 'withConsoles', least: 0.98, digits: 3 }],
  },
  {
    what: 'processor time of a claim to a plain one: token’s / coupon’s audience, ES256 known',
    part: 'tokens',
    figures: [
      { name: 'audienceCost', most: 1.05, digits: 3 },
      { name: 'membersCost', most: 1.05, digits: 3 },
      { name: 'es256Cost', most: 1.05, digits: 3 },
    ],
  },
  {
    what: 'redemptions (reserve and use) a second, embedded / processor time to an order’s',
    part: 'redemptions',
    figures: [{ name: 'redemptionsPerSecond' }, { name: 'redemptionToOrder', digits: 2 }],
  },
]
