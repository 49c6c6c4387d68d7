// `firstcome rehearse` storms a coupon of the running service and says whether it held; `firstcome
// rehearse orders` holds a sale there, then everyone orders, and all of it is added up. Exit code 1
// if a promise broke, 3 if the service could not be reached, or not to the end.

import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { systemClock } from '../../adapters/clock-system.ts'
import { noProgress, startProgress, type Watched } from '../../client/progress.ts'
import { couponIdPattern } from '../../domain/coupons/messages.ts'
import { quantityMax } from '../../domain/coupons/quantity.ts'
import { stockMax } from '../../domain/orders/messages.ts'
import { rehearseSale } from '../../rehearsal/coupons/rehearse-sale.ts'
import type { SalePlan } from '../../rehearsal/coupons/sale.ts'
import { type OrdersPlan, rehearseOrders } from '../../rehearsal/orders/shopping.ts'
import { nothingBroken, type Verdict } from '../../rehearsal/promises.ts'
import type { Ended as EndedAny, RehearsalParts, RehearsalPlan } from '../../rehearsal/rehearsal.ts'
import { RehearsalError } from '../../rehearsal/rehearsal-error.ts'
import { leftLines, ordersReport, type Paint, saleReport } from '../../rehearsal/report.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { askPerson } from './ask-person.ts'
import { onInterrupt } from './rehearse/interrupts.ts'
import { openWinEvents } from './rehearse/win-events.ts'
import { jwtSecret, serviceUrl } from './service-address.ts'

type SharedOptions = {
  users?: number
  concurrency?: number
  url?: string
  json?: boolean
  keep?: boolean
  /** What would be asked for may be done. */
  yes?: boolean
}
/** What every plan has: from the options of all, the settings, and chance. */
type Place = Pick<RehearsalPlan, 'runId' | 'url' | 'secret' | 'rules' | 'keep'>
type Rehearsal<Options, Sizes, Ended> = {
  /** Throws what is wrong with the options. */
  sizesOf(options: Options): Sizes
  rehearse(parts: RehearsalParts, plan: Place & Sizes): Promise<Ended>
  opening(plan: Place & Sizes, paint: Paint): string
  text(ended: Ended, paint: Paint): string
  json(ended: Ended): object
}

const sale = { sizesOf: saleSizes, rehearse: rehearseSale, ...saleReport }
const orders = { sizesOf: orderSizes, rehearse: rehearseOrders, ...ordersReport }
export const runRehearse = commandOf(sale)
export const runRehearseOrders = commandOf(orders)

/** With `json` one object on standard output and nothing else. */
function commandOf<
  Options extends SharedOptions & OfSale,
  Sizes,
  Ended extends EndedAny & { verdicts: readonly Verdict[] },
>(rehearsal: Rehearsal<Options, Sizes, Ended>) {
  return async (
    options: Options,
    { settings, out, err, ...given }: Context & Watched,
  ): Promise<ExitCode> => {
    const sizes = rehearsal.sizesOf(options)
    const { json = false, yes = false, keep = false } = options
    const plan = {
      runId: options.run ?? randomBytes(4).toString('hex'),
      url: new URL(serviceUrl(settings, options.url)),
      secret: jwtSecret(settings),
      rules: settings.tokenRules,
      keep,
      ...sizes,
    }
    const clock = systemClock()
    const progress = given.progress ?? (json ? noProgress() : startProgress(clock, err))
    const paint = terminalPaint()
    if (!json) out(rehearsal.opening(plan, paint))
    const { events, close } = await openWinEvents(settings)
    const interrupt = onInterrupt()
    const confirm = async (what: string) => yes || (await askPerson(what, interrupt.signal))
    const parts = { clock, progress, events, confirm, signal: interrupt.signal }
    try {
      const ended = await rehearsal.rehearse(parts, plan)
      out(json ? `${JSON.stringify(rehearsal.json(ended))}\n` : rehearsal.text(ended, paint))
      return exitCodeOf(ended)
    } catch (error) {
      throw error instanceof RehearsalError ? commandError(error, plan.url) : error
    } finally {
      interrupt.close()
      await close()
    }
  }
}

/** What was told wrong weighs more than that it was not all. */
function exitCodeOf(ended: EndedAny & { verdicts: readonly Verdict[] }): ExitCode {
  if (ended.cut?.code === 'interrupted') return exitCodes.interrupted
  if (!nothingBroken(ended)) return exitCodes.failed
  return ended.cut === null ? exitCodes.ok : exitCodes.unreachable
}

/** Colours where standard output is a terminal that wants them. */
function terminalPaint(): Paint {
  const styled = (style: 'green' | 'red' | 'dim' | 'bold') => (text: string) =>
    styleText(style, text, { stream: process.stdout })
  return { good: styled('green'), bad: styled('red'), dim: styled('dim'), bold: styled('bold') }
}

function commandError(error: RehearsalError, url: URL): CommandError {
  const { code, left, message } = error
  const isAway = code === 'unreachable'
  const text = isAway ? `the service at ${url.origin} cannot be reached: ${message}` : message
  return new CommandError(errorCodes[code], [text, ...leftLines(left)].join('\n'), { cause: error })
}

const errorCodes: Record<RehearsalError['code'], ExitCode> = {
  unreachable: exitCodes.unreachable,
  refused: exitCodes.failed,
  unconfirmed: exitCodes.wrongUsage,
  interrupted: exitCodes.interrupted,
}

/** Throws what all the wrong ones say. */
function checkUsage(mistakes: readonly [isWrong: boolean, message: string][]): void {
  const messages = mistakes.flatMap(([isWrong, message]) => (isWrong ? [message] : []))
  if (messages.length > 0) throw new CommandError(exitCodes.wrongUsage, messages.join('\n'))
}

type OfSale = {
  asksPerUser?: number
  /** Asks a second, on schedule whatever the answers do; excludes `concurrency`. */
  rate?: number
  /** A coupon that is there; excludes `quantity`. */
  coupon?: string
  /** The users of an earlier run once more. */
  run?: string
  /** Its coupon is in no list, and loses its rows in the end. */
  mark?: boolean
}
export type RehearseOptions = SharedOptions & OfSale & { quantity?: number }

export const usersDefault = 1000
export const quantityDefault = 100
export const concurrencyDefault = 1000
/** Every ask stays in memory until the end: 100,000 of them took 0.7 GB. */
const asksMax = 500_000
/** No process of this kind starts more; and schedules stay exact. */
const rateMax = 1_000_000

function saleSizes(options: RehearseOptions): Omit<SalePlan, keyof Place> {
  const { users = usersDefault, asksPerUser = 1, quantity = quantityDefault } = options
  const { rate, concurrency, coupon, run, mark = false, keep = false } = options
  checkUsage([
    [
      mark && (keep || coupon !== undefined),
      '--mark is of a fresh coupon that is taken away: it goes with neither --keep nor --coupon',
    ],
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
    users,
    asksPerUser,
    mark,
    load:
      rate === undefined
        ? { kind: 'closed', concurrency: concurrency ?? concurrencyDefault }
        : { kind: 'open', ratePerSecond: rate },
    coupon: coupon === undefined ? { quantity } : { couponId: coupon },
  }
}

/** Options of `rehearse` are taken wherever they stand: they must not be taken in vain. */
type OrdersOptions = SharedOptions &
  OfSale & {
    /** Coupons. */
    quantity?: number
    products?: number
    /** Pieces of the scarce product. */
    stock?: number
    /** How many users have too little for anything. */
    withoutMoney?: number
    /** A payment service may be asked for real money. */
    realMoney?: boolean
  }
const notOfOrders = [
  ['asksPerUser', '--asks-per-user'],
  ['rate', '--rate'],
  ['coupon', '--coupon'],
  ['run', '--run'],
  ['mark', '--mark'],
] as const

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

function orderSizes(options: OrdersOptions): Omit<OrdersPlan, keyof Place> {
  const { users, quantity, products, stock, concurrency } = { ...ordersDefaults, ...options }
  // A tenth of fewer users, too.
  const poor = Math.ceil((users * ordersDefaults.withoutMoney) / ordersDefaults.users)
  const { withoutMoney = poor, realMoney = false } = options
  checkUsage([
    ...notOfOrders.map(([name, flag]): [boolean, string] => [
      options[name] !== undefined,
      `${flag} is an option of \`rehearse\`, not of \`rehearse orders\``,
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
  return { users, quantity, products, stock, withoutMoney, concurrency, realMoney }
}
