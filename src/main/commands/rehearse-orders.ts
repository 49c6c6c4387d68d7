// `firstcome rehearse orders`: a sale at the running service, then everyone orders, and all of it
// is added up. Exit code 1 if a promise broke, 3 if the service could not be reached.

import { randomBytes } from 'node:crypto'
import { quantityMax } from '../../domain/coupons/messages.ts'
import { stockMax } from '../../domain/orders/messages.ts'
import {
  ordersOpening,
  ordersReportJson,
  ordersReportText,
} from '../../rehearsal/orders/order-report.ts'
import { type OrdersPlan, rehearseOrders } from '../../rehearsal/orders/shopping.ts'
import type { Context, ExitCode } from '../context.ts'
import { checkUsage, runRehearsalCommand } from './rehearsal-command.ts'
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

const command = {
  rehearse: rehearseOrders,
  opening: ordersOpening,
  text: ordersReportText,
  json: ordersReportJson,
}

export async function runRehearseOrders(
  options: RehearseOrdersOptions,
  context: Context,
): Promise<ExitCode> {
  const plan = planOf(options, context)
  return runRehearsalCommand(command, { plan, json: options.json }, context)
}

function planOf(options: RehearseOrdersOptions, { settings }: Context): OrdersPlan {
  const {
    users = ordersDefaults.users,
    quantity = ordersDefaults.quantity,
    products = ordersDefaults.products,
    stock = ordersDefaults.stock,
    concurrency = ordersDefaults.concurrency,
    // A tenth of fewer users, too.
    withoutMoney = Math.ceil((users * ordersDefaults.withoutMoney) / ordersDefaults.users),
  } = options
  const names = Object.keys(notOfOrders) as (keyof NotOfOrders)[]
  checkUsage([
    ...names.map((name): [boolean, string] => [
      options[name] !== undefined,
      `${notOfOrders[name]} is an option of \`rehearse\`, not of \`rehearse orders\``,
    ]),
    [users > usersMax, `--users must be at most ${usersMax}`],
    [quantity > quantityMax, `--quantity must be at most ${quantityMax}`],
    [
      products < productsMin || products > productsMax,
      `--products must be from ${productsMin} to ${productsMax}`,
    ],
    [stock > stockMax, `--stock must be at most ${stockMax}`],
    [withoutMoney > users, '--without-money must be at most the number of users'],
    [concurrency > concurrencyMax, `--concurrency must be at most ${concurrencyMax}`],
  ])
  return {
    runId: randomBytes(4).toString('hex'),
    url: new URL(serviceUrl(settings, options.url)),
    secret: jwtSecret(settings),
    users,
    quantity,
    products,
    stock,
    withoutMoney,
    concurrency,
  }
}
