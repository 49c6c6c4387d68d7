// `firstcome rehearse`: storms a coupon of the running service and says whether it held. Exit
// code 1 if a promise broke, 3 if the service could not be reached.

import { randomBytes } from 'node:crypto'
import { couponIdPattern, quantityMax } from '../../domain/coupons/messages.ts'
import { rehearseSale, type SalePlan } from '../../rehearsal/coupons/sale.ts'
import { saleOpening, saleReportJson, saleReportText } from '../../rehearsal/coupons/sale-report.ts'
import type { Context, ExitCode } from '../context.ts'
import { checkUsage, runRehearsalCommand } from './rehearsal-command.ts'
import { jwtSecret, serviceUrl } from './service-address.ts'

export type RehearseOptions = {
  users?: number
  quantity?: number
  asksPerUser?: number
  /** Asks a second, on schedule whatever the answers do; excludes `concurrency`. */
  rate?: number
  concurrency?: number
  /** A coupon that is there; excludes `quantity`. */
  coupon?: string
  /** The users of an earlier run once more. */
  run?: string
  url?: string
  json?: boolean
}

export const usersDefault = 1000
export const quantityDefault = 100
export const concurrencyDefault = 1000
/** Every ask stays in memory until the end: 100,000 of them took 0.7 GB. */
const asksMax = 500_000
/** No process of this kind starts more; and schedules stay exact. */
const rateMax = 1_000_000

const command = {
  rehearse: rehearseSale,
  opening: saleOpening,
  text: saleReportText,
  json: saleReportJson,
}

export async function runRehearse(options: RehearseOptions, context: Context): Promise<ExitCode> {
  const plan = planOf(options, context)
  return runRehearsalCommand(command, { plan, json: options.json }, context)
}

function planOf(options: RehearseOptions, { settings }: Context): SalePlan {
  const { users = usersDefault, asksPerUser = 1, quantity = quantityDefault } = options
  const { rate, concurrency, coupon, run } = options
  checkUsage([
    [
      rate !== undefined && concurrency !== undefined,
      '--rate starts asks on schedule, --concurrency when others end: give one',
    ],
    [
      coupon !== undefined && options.quantity !== undefined,
      '--quantity is of a fresh coupon, --coupon has its own: give one',
    ],
    [
      coupon !== undefined && !new RegExp(couponIdPattern).test(coupon),
      '--coupon must be a coupon id: a–z, 0–9 and -, at most 63 of them',
    ],
    [
      run !== undefined && !/^[a-z0-9][a-z0-9-]{0,31}$/.test(run),
      '--run must be the id of a run: a–z, 0–9 and -, at most 32 of them',
    ],
    [quantity > quantityMax, `--quantity must be at most ${quantityMax}`],
    [users * asksPerUser > asksMax, `--users times --asks-per-user must be at most ${asksMax}`],
    [rate !== undefined && rate > rateMax, `--rate must be at most ${rateMax}`],
  ])
  return {
    runId: run ?? randomBytes(4).toString('hex'),
    url: new URL(serviceUrl(settings, options.url)),
    secret: jwtSecret(settings),
    users,
    asksPerUser,
    load:
      rate === undefined
        ? { kind: 'closed', concurrency: concurrency ?? concurrencyDefault }
        : { kind: 'open', ratePerSecond: rate },
    coupon: coupon === undefined ? { quantity } : { couponId: coupon },
  }
}
