// `firstcome coupon …`: operators' calls on a running service. Nothing is retried: where the
// outcome is unknown, the message says how to ask again without doing it twice.

import { randomUUID } from 'node:crypto'
import type { ServiceAnswer } from '../../client/service-client.ts'
import type { Discount } from '../../domain/coupons/messages.ts'
import type { CommandRun, Context, ExitCode } from '../context.ts'
import { couponListText, couponText } from './coupon-text.ts'
import { pagePath, runCall, type TimedCallOptions } from './service-command.ts'
import { type GivenTime, instantOf, zoneOf } from './zones.ts'

export type CreateOptions = TimedCallOptions & {
  id?: string
  name: string
  quantity: number
  opensAt?: GivenTime
  closesAt?: GivenTime
  discount?: Discount
}
export type CouponListOptions = TimedCallOptions & { limit?: number; after?: string }
export type ShowOptions = TimedCallOptions & { id: string }
export type RestockOptions = ShowOptions & { add: number; key?: string }
export type SwitchVerb = 'pause' | 'resume' | 'close'

export async function runCreate(options: CreateOptions, context: Context): Promise<ExitCode> {
  const { id, name, quantity, discount } = options
  const say = options.json === true ? () => {} : context.err
  const [opensAt, closesAt] = [options.opensAt, options.closesAt].map((time) => {
    return time && instantOf(time, zoneOf(options), say)
  })
  // Named here, not by the service, so that a lost answer can be asked for.
  const couponId = id ?? `coupon-${randomUUID().slice(0, 8)}`
  const body = { couponId, name, quantity, opensAt, closesAt, discount }
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
  const { id, add, key = randomUUID() } = options
  const call = {
    method: 'POST',
    path: `${couponPath(id)}/restock`,
    body: { add },
    idempotencyKey: key,
  } as const
  const again = `firstcome coupon restock ${id} --add ${add} --key ${key}`
  const done = (answer: ServiceAnswer) => `Restocked by ${add}.\n${couponOf(answer, options)}`
  return runCall({ call, again, done }, options, context)
}

/** Pause, resume and close: doing one twice is the same as doing it once. */
export function runSwitch(verb: SwitchVerb): CommandRun<ShowOptions> {
  return (options, context) => {
    const done = (answer: ServiceAnswer) => `${switchDone[verb]}\n${couponOf(answer, options)}`
    const call = { method: 'POST', path: `${couponPath(options.id)}/${verb}` } as const
    const again = `firstcome coupon ${verb} ${options.id}`
    return runCall({ call, again, done }, options, context)
  }
}

const switchDone = {
  pause: 'Paused: claims are refused until it is resumed.',
  resume: 'Resumed.',
  close: 'Closed for good.',
} as const

function couponPath(id: string): string {
  return `/coupons/${encodeURIComponent(id)}`
}

function couponOf({ body }: ServiceAnswer, options: TimedCallOptions): string {
  return couponText(body, zoneOf(options))
}
