// What an audit of many orders costs, beside the service that has them, and how long the thread
// that answers claims was held meanwhile, and by the largest pages that an audit may ask for.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { auditOf } from '../history/long-log.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { measurePages } from './audited-pages.ts'
import { epochMs, heldTurns } from './held-turns.ts'
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
  const turnsTo = `${directory}-turns.json`
  const home = embeddedHome(directory, turnsTo)
  const first = await home.open()
  await settled(first)
  await stock(first)
  await first.close()
  say(`${orders.toLocaleString('en')} orders are placed and end`)
  await home.fill(orders)
  const shop = await home.open()
  // What a start has to do holds the thread for longer than any audit.
  await settled(shop)
  say('the audit')
  const from = epochMs()
  const { seconds, megabytes } = await auditOf(directory, { cores: undefined, env: {} })
  const to = epochMs()
  await shop.close()
  const heldMs = heldTurns(turnsTo).longest(from, to)
  say('the largest pages')
  const pages = await measurePages(`${directory}-pages`, quick)
  const pagesHeldMs = Math.max(...pages.map((asked) => asked.heldMs))
  const text =
    `audit of ${orders.toLocaleString('en')} orders, beside the service   ` +
    `${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB\n` +
    `  the longest that it held the answering thread  ${heldMs.toFixed(1)} ms of the processor\n` +
    pages
      .map(({ what, heldMs: ms, megabytes: size }) => {
        return `  a page of ${what}, ${size.toFixed(1)} MB  ${ms.toFixed(1)} ms of the processor\n`
      })
      .join('')
  const figures = {
    ordersAuditSeconds: seconds,
    ordersAuditMegabytes: megabytes,
    auditHeldMs: heldMs,
    auditPagesHeldMs: pagesHeldMs,
  }
  return { text, figures, voids: [], report: { orders, seconds, megabytes, heldMs, pages } }
}
