// `firstcome rehearse`: storms a coupon of the running service and says whether it held. Exit
// code 1 if a promise broke, 3 if the service could not be reached.

import { randomBytes } from 'node:crypto'
import { couponIdPattern, quantityMax } from '../../domain/coupons/messages.ts'
import { type RehearsalPlan, rehearse } from '../../rehearsal/coupons/sale.ts'
import {
  allKept,
  openingText,
  reportJson,
  reportText,
} from '../../rehearsal/coupons/sale-report.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { commandErrorAt, preciseClock, progressFor, terminalPaint } from './rehearsal-terminal.ts'
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

export async function runRehearse(options: RehearseOptions, context: Context): Promise<ExitCode> {
  const plan = planOf(options, context)
  const clock = preciseClock()
  const progress = progressFor(options, { clock, context })
  const paint = terminalPaint()
  if (options.json !== true) context.out(openingText(plan, paint))
  const rehearsal = await rehearse({ clock, progress }, plan).catch(commandErrorAt(plan.url))
  const report =
    options.json === true
      ? `${JSON.stringify(reportJson(rehearsal))}\n`
      : reportText(rehearsal, paint)
  context.out(report)
  return allKept(rehearsal) ? exitCodes.ok : exitCodes.failed
}

function planOf(options: RehearseOptions, context: Context): RehearsalPlan {
  const mistakes = mistakesIn(options)
  if (mistakes.length > 0) throw new CommandError(exitCodes.wrongUsage, mistakes.join('\n'))
  const { rate, coupon } = options
  return {
    runId: options.run ?? randomBytes(4).toString('hex'),
    url: new URL(serviceUrl(context.settings, options.url)),
    secret: jwtSecret(context.settings),
    users: options.users ?? usersDefault,
    asksPerUser: options.asksPerUser ?? 1,
    load:
      rate === undefined
        ? { kind: 'closed', concurrency: options.concurrency ?? concurrencyDefault }
        : { kind: 'open', ratePerSecond: rate },
    coupon:
      coupon === undefined
        ? { quantity: options.quantity ?? quantityDefault }
        : { couponId: coupon },
  }
}

function mistakesIn(options: RehearseOptions): string[] {
  const { users = usersDefault, asksPerUser = 1, quantity = quantityDefault, rate = 1 } = options
  const mistakes: string[] = []
  if (options.rate !== undefined && options.concurrency !== undefined) {
    mistakes.push('--rate starts asks on schedule, --concurrency when others end: give one')
  }
  if (options.coupon !== undefined && options.quantity !== undefined) {
    mistakes.push('--quantity is of a fresh coupon, --coupon has its own: give one')
  }
  if (options.coupon !== undefined && !new RegExp(couponIdPattern).test(options.coupon)) {
    mistakes.push('--coupon must be a coupon id: a–z, 0–9 and -, at most 63 of them')
  }
  if (options.run !== undefined && !/^[a-z0-9][a-z0-9-]{0,31}$/.test(options.run)) {
    mistakes.push('--run must be the id of a run: a–z, 0–9 and -, at most 32 of them')
  }
  if (quantity > quantityMax) mistakes.push(`--quantity must be at most ${quantityMax}`)
  if (users * asksPerUser > asksMax) {
    mistakes.push(`--users times --asks-per-user must be at most ${asksMax}`)
  }
  if (rate > rateMax) mistakes.push(`--rate must be at most ${rateMax}`)
  return mistakes
}
