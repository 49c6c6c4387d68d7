// `firstcome coupon …`: operators' calls on a running service. Nothing is retried: where the
// outcome is unknown, the message says how to ask again without doing it twice.

import { randomUUID } from 'node:crypto'
import type { ServiceAnswer } from '../../../client/service-client.ts'
import type { Audience, Discount } from '../../../domain/coupons/messages.ts'
import {
  CommandError,
  type CommandRun,
  type Context,
  type ExitCode,
  exitCodes,
} from '../../context.ts'
import { pagePath, runCall, type TimedCallOptions } from '../service-command.ts'
import { type GivenTime, instantOf, zoneOf } from '../zones.ts'
import { type ActOptions, runAct } from './coupon-act.ts'
import { couponListText, couponText, shown } from './coupon-text.ts'

export type CreateOptions = TimedCallOptions & {
  id?: string
  name: string
  quantity: number
  opensAt?: GivenTime
  closesAt?: GivenTime
  discount?: Discount
  discountMax?: number
  minimum?: number
  validUntil?: GivenTime
  validDays?: number
  audience?: Audience
  reason?: string
}
export type CouponListOptions = TimedCallOptions & { limit?: number; after?: string }
export type ShowOptions = TimedCallOptions & { id: string }
export type RestockOptions = ActOptions & { add: number; key?: string }
export type EditOptions = ActOptions & {
  name?: string
  opensAt?: GivenTime
  closesAt?: GivenTime
  key?: string
}
export type RevokeOptions = ActOptions & {
  user?: string
  all?: true
  reason: string
  key?: string
}
export type SwitchVerb = 'pause' | 'resume' | 'close'

export async function runCreate(options: CreateOptions, context: Context): Promise<ExitCode> {
  const { id, name, quantity, minimum, validDays, audience, reason } = options
  const { opensAt, closesAt, validUntil } = timesOf(options, context)
  const discount = discountOf(options)
  // Named here, not by the service, so that a lost answer can be asked for.
  const couponId = id ?? `coupon-${randomUUID().slice(0, 8)}`
  const times = { opensAt, closesAt, validUntil, validDays }
  const body = { couponId, name, quantity, ...times, discount, minimum, audience, reason }
  const call = { method: 'POST', path: '/coupons', body } as const
  const again = `firstcome coupon show ${couponId}`
  const done = (answer: ServiceAnswer) => {
    const isNew = answer.status === 201
    const first = isNew ? 'Created.' : 'It was there already, with the same terms.'
    return `${first}\n${couponOf(answer, options)}`
  }
  return runCall({ call, again, done }, options, context)
}

/** Open to anyone, as the next one. */
export function runCouponList(options: CouponListOptions, context: Context): Promise<ExitCode> {
  const { limit, after } = options
  const call = { method: 'GET', path: pagePath('/coupons', { limit, after }) } as const
  const done = ({ body }: ServiceAnswer) => couponListText(body, zoneOf(options))
  return runCall({ call, again: '', done }, options, context)
}

/** Open to anyone: sends a token only where one is given. */
export async function runShow(options: ShowOptions, context: Context): Promise<ExitCode> {
  const call = { method: 'GET', path: couponPath(options.id) } as const
  const again = `firstcome coupon show ${options.id}`
  const done = (answer: ServiceAnswer) => couponOf(answer, options)
  return runCall({ call, again, done }, options, context)
}

export async function runRestock(options: RestockOptions, context: Context): Promise<ExitCode> {
  const { id, add, reason, key = randomUUID() } = options
  const people = 'more people can win it'
  const call = {
    method: 'POST',
    path: `${couponPath(id)}/restock`,
    body: { add, reason },
    idempotencyKey: key,
  } as const
  const again = `firstcome coupon restock ${id} --add ${add} --key ${key}`
  const done = (answer: ServiceAnswer) => `Restocked by ${add}.\n${couponOf(answer, options)}`
  return runAct({ call, again, done, people }, options, context)
}

export async function runEdit(options: EditOptions, context: Context): Promise<ExitCode> {
  const { id, name, reason, key = randomUUID() } = options
  const { opensAt, closesAt } = timesOf(options, context)
  const body = { name, opensAt, closesAt, reason }
  if (name === undefined && opensAt === undefined && closesAt === undefined) {
    const message = 'give what is to change: --name, --opens-at or --closes-at'
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  const call = { method: 'PATCH', path: couponPath(id), body, idempotencyKey: key } as const
  const again = `firstcome coupon show ${id}`
  const done = (answer: ServiceAnswer) => `Edited.\n${couponOf(answer, options)}`
  const act = { call, again, done, people: 'people hold it', asks: 'the state' } as const
  return runAct(act, options, context)
}

export async function runRevoke(options: RevokeOptions, context: Context): Promise<ExitCode> {
  const { id, user: userId, all, reason, key = randomUUID() } = options
  if ((userId === undefined) === (all === undefined)) {
    throw new CommandError(exitCodes.wrongUsage, 'give either --user or --all')
  }
  const call = {
    method: 'POST',
    path: `${couponPath(id)}/revocations`,
    body: { userId, all, reason },
    idempotencyKey: key,
  } as const
  const again = `the same with --key ${key}`
  const done = ({ body }: ServiceAnswer) => {
    return `Revoked ${shown(body.revoked)} coupons that nobody had spent.\n`
  }
  const people = 'coupons that nobody has spent would be revoked'
  return runAct({ call, again, done, people, asks: 'a person' }, options, context)
}

/** Pause, resume and close: doing one twice is the same as doing it once. */
export function runSwitch(verb: SwitchVerb): CommandRun<ActOptions> {
  return (options, context) => {
    const done = (answer: ServiceAnswer) => `${switchDone[verb]}\n${couponOf(answer, options)}`
    const { id, reason } = options
    const body = reason === undefined ? {} : { body: { reason } }
    const call = { method: 'POST', path: `${couponPath(id)}/${verb}`, ...body } as const
    const again = `firstcome coupon ${verb} ${id}`
    const act = { call, again, done, people: 'more people could win it now' }
    return runAct({ ...act, asks: verb === 'close' ? 'a person' : 'nothing' }, options, context)
  }
}

const switchDone = {
  pause: 'Paused: claims are refused until it is resumed.',
  resume: 'Resumed.',
  close: 'Closed for good.',
} as const

type GivenTimes = Pick<CreateOptions, 'opensAt' | 'closesAt' | 'validUntil'>

/** Said back, unless only JSON is wanted. */
function timesOf(options: TimedCallOptions & GivenTimes, { err }: Context) {
  const { opensAt, closesAt, validUntil } = options
  const say = options.json === true ? () => {} : err
  const at = (time?: GivenTime) => time && instantOf(time, zoneOf(options), say)
  return { opensAt: at(opensAt), closesAt: at(closesAt), validUntil: at(validUntil) }
}

function discountOf({ discount, discountMax: max }: CreateOptions) {
  if (max === undefined) return discount
  if (discount?.kind === 'percent') return { ...discount, max }
  const message = '--discount-max is of a percentage: give one with --discount, as 10%'
  throw new CommandError(exitCodes.wrongUsage, message)
}

export function couponPath(id: string): string {
  return `/coupons/${encodeURIComponent(id)}`
}

function couponOf({ body }: ServiceAnswer, options: TimedCallOptions): string {
  return couponText(body, zoneOf(options))
}
