// `firstcome rehearse orders`: a sale at the running service, then everyone orders, and all of it
// is added up. Exit code 1 if a promise broke, 3 if the service could not be reached.

import { randomBytes } from 'node:crypto'
import { quantityMax } from '../../domain/coupons/messages.ts'
import { stockMax } from '../../domain/orders/messages.ts'
import {
  ordersKept,
  ordersOpeningText,
  ordersReportJson,
  ordersReportText,
} from '../../rehearsal/orders/order-report.ts'
import { type OrdersPlan, rehearseOrders } from '../../rehearsal/orders/shopping.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { commandErrorAt, preciseClock, progressFor, terminalPaint } from './rehearsal-terminal.ts'
import { jwtSecret, serviceUrl } from './service-address.ts'

export type RehearseOrdersOptions = NotOfOrders & {
  users?: number
  /** Coupons. */
  quantity?: number
  products?: number
  /** Pieces of the scarce product. */
  stock?: number
  /** How many users have too little for anything. */
  withoutMoney?: number
  concurrency?: number
  url?: string
  json?: boolean
}

/** Options of `rehearse`, which takes them wherever they stand: they must not be taken in vain. */
type NotOfOrders = { asksPerUser?: number; rate?: number; coupon?: string; run?: string }
const notOfOrders = {
  asksPerUser: '--asks-per-user',
  rate: '--rate',
  coupon: '--coupon',
  run: '--run',
} as const

export const ordersDefaults = {
  users: 300,
  quantity: 100,
  products: 5,
  stock: 20,
  withoutMoney: 30,
  concurrency: 100,
} as const
/** Every order stays in memory until the end, and every wallet is read one by one. */
const usersMax = 50_000
/** The scarce one, and one of which there is enough. */
const productsMin = 2
const productsMax = 1_000
/** One connection for each who asks at once, up to what a process may have open. */
const concurrencyMax = 1_000

export async function runRehearseOrders(
  options: RehearseOrdersOptions,
  context: Context,
): Promise<ExitCode> {
  const plan = planOf(options, context)
  const clock = preciseClock()
  const progress = progressFor(options, { clock, context })
  const paint = terminalPaint()
  if (options.json !== true) context.out(ordersOpeningText(plan, paint))
  const ended = rehearseOrders({ clock, progress }, plan)
  const rehearsal = await ended.catch(commandErrorAt(plan.url))
  const report =
    options.json === true
      ? `${JSON.stringify(ordersReportJson(rehearsal))}\n`
      : ordersReportText(rehearsal, paint)
  context.out(report)
  return ordersKept(rehearsal) ? exitCodes.ok : exitCodes.failed
}

function planOf(options: RehearseOrdersOptions, context: Context): OrdersPlan {
  const { users, quantity, products, stock, withoutMoney, concurrency } = ordersDefaults
  const wanted = {
    users: options.users ?? users,
    quantity: options.quantity ?? quantity,
    products: options.products ?? products,
    stock: options.stock ?? stock,
    // A tenth of fewer users, too.
    withoutMoney: options.withoutMoney ?? shareOf(options.users ?? users, withoutMoney / users),
    concurrency: options.concurrency ?? concurrency,
  }
  const mistakes = [...strangersIn(options), ...mistakesIn(wanted)]
  if (mistakes.length > 0) throw new CommandError(exitCodes.wrongUsage, mistakes.join('\n'))
  return {
    runId: randomBytes(4).toString('hex'),
    url: new URL(serviceUrl(context.settings, options.url)),
    secret: jwtSecret(context.settings),
    ...wanted,
  }
}

function strangersIn(options: NotOfOrders): string[] {
  const names = Object.keys(notOfOrders) as (keyof NotOfOrders)[]
  return names.flatMap((name) => {
    if (options[name] === undefined) return []
    return [`${notOfOrders[name]} is an option of \`rehearse\`, not of \`rehearse orders\``]
  })
}

function shareOf(whole: number, part: number): number {
  return Math.ceil(whole * part)
}

function mistakesIn(wanted: Omit<OrdersPlan, 'runId' | 'url' | 'secret'>): string[] {
  const { users, quantity, products, stock, withoutMoney, concurrency } = wanted
  const mistakes: string[] = []
  if (users > usersMax) mistakes.push(`--users must be at most ${usersMax}`)
  if (quantity > quantityMax) mistakes.push(`--quantity must be at most ${quantityMax}`)
  if (products < productsMin || products > productsMax) {
    mistakes.push(`--products must be from ${productsMin} to ${productsMax}`)
  }
  if (stock > stockMax) mistakes.push(`--stock must be at most ${stockMax}`)
  if (withoutMoney > users) mistakes.push('--without-money must be at most the number of users')
  if (concurrency > concurrencyMax) {
    mistakes.push(`--concurrency must be at most ${concurrencyMax}`)
  }
  return mistakes
}
