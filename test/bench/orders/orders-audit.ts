// What an audit of many orders costs, beside the service that has them.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { auditOf } from '../history/long-log.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { settled, stock } from './shop.ts'
import { embeddedHome } from './shop-embedded.ts'

const sizes = { full: 60_000, quick: 3_000 }

export async function measureOrdersAudit(options: PartOptions): Promise<PartReport> {
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  try {
    return await options.bounded(measureIn(join(directory, 'shop'), options))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measureIn(
  directory: string,
  { quick, say }: Pick<PartOptions, 'quick' | 'say'>,
): Promise<PartReport> {
  const orders = quick ? sizes.quick : sizes.full
  const home = embeddedHome(directory)
  const first = await home.open()
  await settled(first)
  await stock(first)
  await first.close()
  say(`${orders.toLocaleString('en')} orders are placed and end`)
  await home.fill(orders)
  const shop = await home.open()
  say('the audit')
  const { seconds, megabytes } = await auditOf(directory, { cores: undefined, env: {} })
  await shop.close()
  const text =
    `audit of ${orders.toLocaleString('en')} orders, beside the service   ` +
    `${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB\n`
  const figures = { ordersAuditSeconds: seconds, ordersAuditMegabytes: megabytes }
  return { text, figures, voids: [], report: { orders, seconds, megabytes } }
}
