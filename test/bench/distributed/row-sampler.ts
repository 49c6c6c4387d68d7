// Asks SQL again and again for the rows of users who have just been told yes, and says how long
// each row took to be seen: the same for every build, whatever it says of itself. A thread of the
// load generator's process, so that both have one clock.

import { parentPort, workerData } from 'node:worker_threads'
import { Client } from 'pg'
import { quantileOf } from '../statistics.ts'

export type RowSampling = {
  url: string
  table: 'usual.issued' | 'usual.saved' | 'coupons.issued_coupons'
  couponId: string
  /** One in so many of those who were told yes. */
  oneIn: number
  /** How exact it is, and what it costs the database. */
  pollMs: number
}
export type RowLag = {
  samples: number
  /** Never seen until the end. */
  missing: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}
/** `at`: milliseconds since 1970, when the answer was there. 'end': all have been told. */
export type Sampled = { userId: string; at: number } | 'end'

/** After the end of the load: what is slower than this is called missing. */
const waitMsMax = 30_000

const { url, table, couponId, pollMs } = workerData as RowSampling
const port = parentPort
if (port === null) throw new Error('it is a thread')
const database = new Client({ connectionString: url })
await database.connect()

const waiting = new Map<string, number>()
const lags: number[] = []
let endedAt = Number.POSITIVE_INFINITY
port.on('message', (sampled: Sampled) => {
  if (sampled === 'end') endedAt = now()
  else waiting.set(sampled.userId, sampled.at)
})
port.postMessage('ready')

/** One look into an index for each, whatever the planner believes of a table that grows so fast. */
const text = `select asked.user_id
  from unnest($2::text[]) as asked (user_id),
    lateral (select 1 from ${table} as held
      where held.coupon_id = $1 and held.user_id = asked.user_id limit 1) as found`
const isOver = () => now() > endedAt && (waiting.size === 0 || now() > endedAt + waitMsMax)
while (!isOver()) {
  if (waiting.size > 0) await look()
  await new Promise((resolve) => setTimeout(resolve, pollMs))
}
await database.end()
lags.sort((a, b) => a - b)
const result: RowLag = {
  samples: lags.length,
  missing: waiting.size,
  p50Ms: quantileOf(lags, 0.5),
  p99Ms: quantileOf(lags, 0.99),
  maxMs: lags.at(-1) ?? Number.NaN,
}
port.postMessage(result)
port.close()

async function look(): Promise<void> {
  const values = [couponId, [...waiting.keys()]]
  const { rows } = await database.query<{ user_id: string }>({ name: 'look', text, values })
  const seenAt = now()
  for (const { user_id: userId } of rows) {
    // Several builds write the row before they answer.
    lags.push(Math.max(0, seenAt - (waiting.get(userId) ?? seenAt)))
    waiting.delete(userId)
  }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
