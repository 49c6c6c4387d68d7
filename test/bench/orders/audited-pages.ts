// How long the thread that answers claims is held by each kind of page that an audit asks for, as
// large as they may be: of coupons in rows and in columns, and of orders with fifty lines each.

import { setTimeout as pause } from 'node:timers/promises'
import { orderLinesMax } from '../../../src/domain/orders/messages.ts'
import { couponsOfLog, writeLog } from '../history/long-log.ts'
import { tokenFor } from '../service.ts'
import { epochMs, heldTurns } from './held-turns.ts'
import { type Shop, settled, stock } from './shop.ts'
import { embeddedHome } from './shop-embedded.ts'

export type PagesAsked = { what: string; heldMs: number; megabytes: number }

const sizes = {
  full: { orders: 5_000, winners: 100_000 },
  quick: { orders: 500, winners: 10_000 },
} as const
const issuedPerPage = 10_000
const ordersPerPage = 5_000
const pagesOfEach = 5
const rowsWaitMsMax = 120_000
const lookEveryMs = 50

const kinds: readonly (readonly [what: string, path: string])[] = [
  ['issued coupons as columns', `/issued-coupons?as=columns&limit=${issuedPerPage}`],
  ['issued coupons as rows', `/issued-coupons?limit=${issuedPerPage}`],
  ...(['orders', 'stock-rows', 'payment-rows', 'charges'] as const).map((table) => {
    return [`${table} of orders`, `/orders-projection/${table}?limit=${ordersPerPage}`] as const
  }),
]

export async function measurePages(directory: string, quick: boolean): Promise<PagesAsked[]> {
  const { orders, winners } = quick ? sizes.quick : sizes.full
  const turnsTo = `${directory}-turns.json`
  const home = embeddedHome(directory, turnsTo)
  const first = await home.open()
  await settled(first)
  await stock(first)
  await first.close()
  await writeLog(directory, winners)
  await home.fill(orders, orderLinesMax)
  const shop = await home.open()
  await settled(shop)
  await allIssued(shop, winners / couponsOfLog)
  const asked: { what: string; from: number; to: number; megabytes: number }[] = []
  for (const [what, path] of kinds) {
    const from = epochMs()
    let characters = 0
    for (let n = 0; n < pagesOfEach; n += 1) characters += (await page(shop, path)).length
    asked.push({ what, from, to: epochMs(), megabytes: characters / pagesOfEach / 1e6 })
  }
  await shop.close()
  const turns = heldTurns(turnsTo)
  return asked.map(({ what, from, to, megabytes }) => {
    return { what, megabytes, heldMs: turns.longest(from, to) }
  })
}

async function page({ url }: Shop, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${tokenFor('bench', true)}` }
  const response = await fetch(`${url}${path}`, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path}: ${text}`)
  return text
}

async function allIssued(shop: Shop, slots: number): Promise<void> {
  const until = performance.now() + rowsWaitMsMax
  const query = `limit=1&couponId=long-0&afterCouponId=long-0&afterSlot=${slots - 1}`
  while (!(await page(shop, `/issued-coupons?${query}`)).includes('slot')) {
    if (performance.now() > until) throw new Error(`no row of slot ${slots} of long-0`)
    await pause(lookEveryMs)
  }
}
