// What grows with the number of coupons that were issued: on one process whose log holds so many
// winners, its start, its memory, a winning claim, an order, and the audit.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { auditOf, couponsOfLog, writeLog } from '../history/long-log.ts'
import type { Cores } from '../machine.ts'
import { customers, measurePaced } from '../orders/measures.ts'
import { order, settled, stock, supply } from '../orders/shop.ts'
import { embeddedHome } from '../orders/shop-embedded.ts'
import { startService } from '../service.ts'
import { quantityMax, winsOn } from '../turns/claims.ts'

/** null: not measured of so many. */
export type Grown = {
  issued: number
  startSeconds: number
  megabytes: number
  claimMicroseconds: number
  orderMs: number | null
  orderProcessorMs: number | null
  auditSeconds: number | null
  auditMegabytes: number | null
}
export type GrownOptions = {
  issued: number
  cores: Cores | null
  /** Rows are derived, which takes a minute a million, so orders and the audit are measured. */
  withRows: boolean
  quick: boolean
}

const rowsWaitMsMax = 20 * 60_000
const orderPerSecond = 20

export async function measureIssued(root: string, options: GrownOptions): Promise<Grown> {
  const { issued, cores, withRows, quick } = options
  const directory = join(root, `issued-${issued}`)
  await writeLog(directory, issued)
  const first = await startService(directory, cores)
  if (withRows) await first.applied(issued + couponsOfLog, rowsWaitMsMax)
  await first.stop()
  const startedAt = performance.now()
  const service = await startService(directory, cores)
  const startSeconds = (performance.now() - startedAt) / 1_000
  const megabytes = residentMegabytes(service.pid)
  await service.createCoupons([{ couponId: 'sale', quantity: quantityMax }])
  const wins = { couponId: 'sale', roundMs: quick ? 500 : 2_000 }
  const waits = withRows ? service : { ...service, issued: async () => {} }
  await winsOn(waits, { ...wins, prefix: 'practice-' })
  const { microseconds } = await winsOn(waits, { ...wins, prefix: 'claim-' })
  const audit = withRows ? await auditOf(directory, { cores: undefined, env: {} }) : null
  await service.stop()
  const ordered = withRows ? await orderIn(directory, quick ? 2_000 : 8_000) : null
  rmSync(directory, { recursive: true })
  return {
    issued,
    startSeconds,
    megabytes,
    claimMicroseconds: microseconds,
    orderMs: ordered?.ms ?? null,
    orderProcessorMs: ordered?.processorMs ?? null,
    auditSeconds: audit?.seconds ?? null,
    auditMegabytes: audit?.megabytes ?? null,
  }
}

async function orderIn(directory: string, durationMs: number) {
  const shop = await embeddedHome(directory).open()
  try {
    await settled(shop)
    await stock(shop)
    const first = customers('first-', 1)
    await supply(shop, first)
    await order(shop, { users: first, connections: 1 })
    const pace = { prefix: 'scale-', ratePerSecond: orderPerSecond, durationMs }
    const { confirmedMs, processorMs } = await measurePaced(shop, pace)
    return { ms: confirmedMs.p50, processorMs: processorMs.firstcome ?? Number.NaN }
  } finally {
    await shop.close()
  }
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1_024
}
