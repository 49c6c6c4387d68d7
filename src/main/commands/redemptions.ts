// `firstcome redeem` and `firstcome redemption …`: what a till does with a coupon, from the command
// line. Nothing is retried; the key to ask again with is printed where no answer comes.

import { randomUUID } from 'node:crypto'
import type { ServiceAnswer } from '../../client/service-client.ts'
import {
  CommandError,
  type CommandRun,
  type Context,
  type ExitCode,
  exitCodes,
} from '../context.ts'
import { shown } from './coupons/coupon-text.ts'
import { pagePath, runCall, type TimedCallOptions } from './service-command.ts'
import { shownTime, zoneOf } from './zones.ts'

export type RedeemOptions = TimedCallOptions & {
  code: string
  subtotal?: number
  reference?: string
  use?: boolean
  key?: string
  preview?: boolean
}
export type RedemptionOptions = TimedCallOptions & { id: string; reason?: string }
export type RedemptionWord = 'use' | 'release'

export function runRedeem(options: RedeemOptions, context: Context): Promise<ExitCode> {
  const { code, subtotal, reference, use, preview = false, key = randomUUID() } = options
  if (preview) {
    const path = pagePath(`/codes/${encodeURIComponent(code)}`, { subtotal })
    const done = ({ body }: ServiceAnswer) => codeText(body, zoneOf(options))
    const call = { method: 'GET', path } as const
    return runCall({ call, asOperator: true, again: '', done }, options, context)
  }
  if (subtotal === undefined || reference === undefined) {
    const message = 'give the --subtotal and the --reference of the cart, or --preview'
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  const body = { code, reference, subtotal, use }
  const call = { method: 'POST', path: '/redemptions', body, idempotencyKey: key } as const
  const done = (answer: ServiceAnswer) => redemptionText(answer.body, zoneOf(options))
  return runCall({ call, again: `the same command with --key ${key}`, done }, options, context)
}

export function runRedemptionShow(options: RedemptionOptions, context: Context): Promise<ExitCode> {
  const call = { method: 'GET', path: redemptionPath(options.id) } as const
  const done = ({ body }: ServiceAnswer) => redemptionText(body, zoneOf(options))
  const again = showCommand(options)
  return runCall({ call, asOperator: true, again, done }, options, context)
}

/** Said twice it is the same as said once. */
export function runRedemptionWord(word: RedemptionWord): CommandRun<RedemptionOptions> {
  return (options, context) => {
    const { id, reason } = options
    const path = `${redemptionPath(id)}/${word}`
    const call = { method: 'POST', path, ...(reason && { body: { reason } }) } as const
    const done = (answer: ServiceAnswer) => redemptionText(answer.body, zoneOf(options))
    return runCall({ call, again: showCommand(options), done }, options, context)
  }
}

function redemptionPath(id: string): string {
  return `/redemptions/${encodeURIComponent(id)}`
}

function showCommand({ id }: RedemptionOptions): string {
  return `firstcome redemption show ${id}`
}

function redemptionText(body: ServiceAnswer['body'], zone: string): string {
  return rowsText(`redemption ${shown(body.redemptionId)}`, [
    ['status', shown(body.status)],
    ['until', shownTime(zone, body.reservedUntil)],
    ['coupon', `${shown(body.couponId)}, slot ${shown(body.slot)}, ${shown(body.code)}`],
    ['user', shown(body.userId)],
    ['cart', shown(body.reference)],
    ['to pay', `${shown(body.total)} (${shown(body.subtotal)} less ${shown(body.discount)})`],
  ])
}

function codeText(body: ServiceAnswer['body'], zone: string): string {
  const { offer } = body
  return rowsText(`code ${shown(body.code)}`, [
    ['status', shown(body.status)],
    ['coupon', `${shown(body.couponId)}, slot ${shown(body.slot)}`],
    ['user', shown(body.userId)],
    ['minimum', body.minimum === 0 ? null : shown(body.minimum)],
    ['valid', untilText(shownTime(zone, body.validUntil))],
    ['to pay', typeof offer === 'object' ? offerText(offer as ServiceAnswer['body']) : null],
  ])
}

function untilText(until: string | null): string | null {
  return until === null ? null : `until ${until}`
}

function offerText({ refused, discount, total }: ServiceAnswer['body']): string {
  if (refused !== undefined) return `refused: ${shown(refused)}`
  return `${shown(total)} (${shown(discount)} off)`
}

function rowsText(title: string, rows: readonly [label: string, value: string | null][]): string {
  const lines = rows.flatMap(([label, value]) => {
    return value === null ? [] : [`  ${label.padEnd(9)}${value}`]
  })
  return `${[title, ...lines].join('\n')}\n`
}
