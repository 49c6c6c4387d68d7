// How the command line shows a coupon, and a refusal, to people. What the service says is shown as
// text and never trusted to be harmless on a terminal.

import type { Problem, ServiceAnswer } from '../../client/service-client.ts'
import { printable } from '../context.ts'
import { shownTime } from './zones.ts'

/** A few lines, the last one ended. Fields that are not there are left out. */
export function couponText(coupon: ServiceAnswer['body'], zone: string): string {
  const title = `${shown(coupon.couponId)}  ${shown(coupon.name)}`
  const rows: [label: string, value: string | null][] = [
    ['status', shown(coupon.status).replace('_', ' ')],
    ['issued', issuedText(coupon)],
    ['opens', shownTime(zone, coupon.opensAt)],
    ['closes', shownTime(zone, coupon.closesAt) ?? 'never'],
    ['discount', discountText(coupon.discount)],
  ]
  const lines = rows.flatMap(([label, value]) =>
    value === null ? [] : [`  ${label.padEnd(9)}${value}`],
  )
  return `${[title, ...lines].join('\n')}\n`
}

/** Two lines for each; says so where there is none, or more. */
export function couponListText(body: ServiceAnswer['body'], zone: string): string {
  const coupons = Array.isArray(body.coupons) ? (body.coupons as ServiceAnswer['body'][]) : []
  if (coupons.length === 0) return 'No coupons.\n'
  const lines = coupons.flatMap((coupon) => {
    const closes = shownTime(zone, coupon.closesAt)
    const until = closes === null ? '' : ` until ${closes}`
    const status = shown(coupon.status).replace('_', ' ')
    return [
      `${shown(coupon.couponId)}  ${shown(coupon.name)}`,
      `  ${status}, ${issuedText(coupon)}, from ${shownTime(zone, coupon.opensAt) ?? '?'}${until}`,
    ]
  })
  if (typeof body.next === 'string') lines.push(`There are more: --after ${printable(body.next)}`)
  return `${lines.join('\n')}\n`
}

/** The refusal, what it means, and every field that is wrong. */
export function problemText(status: number, problem: Problem): string {
  const kind = problem.slug === '' ? '' : ` ${printable(problem.slug)}`
  const words = [problem.title, problem.detail].filter((text) => text !== '').map(printable)
  const lines = [`firstcome: the service refused (${status}${kind}): ${words.join(': ')}`]
  for (const { path, message } of problem.errors) {
    lines.push(`  ${path === '' ? 'the request' : printable(path)} ${printable(message)}`)
  }
  return `${lines.join('\n')}\n`
}

function issuedText({ issued, quantity, remaining }: ServiceAnswer['body']): string {
  return `${shown(issued)} of ${shown(quantity)} (${shown(remaining)} left)`
}

function discountText(discount: unknown): string | null {
  if (typeof discount !== 'object' || discount === null) return null
  const { kind, value } = discount as Record<string, unknown>
  return `${shown(value)}${kind === 'percent' ? '%' : ''}`
}

/** A field as text, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? printable(value) : '?'
}
