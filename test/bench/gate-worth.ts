// What the gate saves: the records that one sale writes into the log, with and without it, through
// three nodes and a Redis of its own. Run it: node test/bench/gate-worth.ts [users]

import { startRedisGate } from '../../src/adapters/redis/gate.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Gate } from '../../src/ports/gate.ts'
import { askAll, startGatedNodes } from '../integration/redis/gated-nodes.ts'
import { ownRedisForTests } from '../services/redis.ts'
import { waitFor } from '../services/server-process.ts'

const quantity = 100
const asksOfUser = 3
const users = Number(process.argv[2] ?? 20_000)

type Run = { atOnce: number; appendMs: number; tailMs: number; gate?: (clock: Clock) => Gate }

async function run({ atOnce, ...options }: Run): Promise<Record<string, number | string>> {
  const gated = await startGatedNodes({ nodes: 3, ...options })
  try {
    await gated.create('sale', quantity)
    await waitFor('the gates', () => gated.gates.every((gate) => gate.isHere()))
    const asks = Array.from({ length: asksOfUser * users }, (_, n) => {
      return `user-${Math.floor(n / asksOfUser)}`
    })
    const startedAt = performance.now()
    const told = await askAll(gated, { couponId: 'sale', users: asks, atOnce })
    const tookMs = told.map((asked) => asked.tookMs).toSorted((a, b) => a - b)
    const issued = told.filter(({ answer }) => answer.kind === 'issued')
    const winners = new Set(issued.map(({ userId }) => userId)).size
    if (winners !== quantity) throw new Error(`${winners} of ${quantity} were issued`)
    return {
      'at once': atOnce,
      'append ms': options.appendMs,
      gate: options.gate === undefined ? 'no' : 'yes',
      records: gated.claimRecords(),
      pass: gated.verdicts.pass,
      seen: gated.verdicts.seen,
      full: gated.verdicts.full,
      unasked: gated.bypassed(),
      'held, then sent': gated.released.log,
      'p99 ms': Math.round(tookMs[Math.floor(tookMs.length * 0.99)] ?? 0),
      'max ms': Math.round(tookMs.at(-1) ?? 0),
      'all ms': Math.round(performance.now() - startedAt),
    }
  } finally {
    await gated.close()
  }
}

const redis = await ownRedisForTests()
if (typeof redis === 'string') throw new Error(redis)
try {
  const rows: Record<string, number | string>[] = []
  for (const [atOnce, appendMs] of [
    [300, 4],
    [3_000, 4],
    [20_000, 4],
    [3_000, 40],
  ] as const) {
    const options = { atOnce, appendMs, tailMs: 1 }
    rows.push(await run(options))
    const { url } = redis.server
    rows.push(await run({ ...options, gate: (clock) => startRedisGate({ url, clock }) }))
    await redis.server.flush()
  }
  console.log(`${quantity} coupons, ${users} users, ${asksOfUser} asks each, 3 nodes`)
  console.table(rows)
} finally {
  await redis.close()
}
