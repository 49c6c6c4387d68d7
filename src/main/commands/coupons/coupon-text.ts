// How the command line shows a coupon, and a refusal, to people. What the service says is shown as
// text and never trusted to be harmless on a terminal.

import type { Problem, ServiceAnswer } from '../../../client/service-client.ts'
import { printable } from '../../context.ts'
import { shownTime } from '../zones.ts'

/** A few lines, the last one ended. Fields that are not there are left out. */
export function couponText(coupon: ServiceAnswer['body'], zone: string): string {
  const title = `${shown(coupon.couponId)}  ${shown(coupon.name)}`
  const rows: [label: string, value: string | null][] = [
    ['status', shown(coupon.status).replace('_', ' ')],
    ['issued', issuedText(coupon)],
    ['opens', shownTime(zone, coupon.opensAt)],
    ['closes', shownTime(zone, coupon.closesAt) ?? 'never'],
    ['discount', discountText(coupon.discount)],
    ['minimum', typeof coupon.minimum === 'number' ? shown(coupon.minimum) : null],
    ['valid', validityText(coupon, zone)],
    ['for', audienceText(coupon.audience)],
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

/** What an act would change, and whom it touches: `people` is said behind their number. */
export function previewText(
  body: ServiceAnswer['body'],
  { people, zone }: { people: string; zone: string },
): string {
  const { changes, people: touched, couponId } = body
  const all = Array.isArray(changes) ? (changes as ServiceAnswer['body'][]) : []
  if (all.length === 0 && (touched === undefined || touched === 0)) {
    return `Nothing would change about ${shown(couponId)}.\n`
  }
  const lines = all.map(({ field, from, to }) => {
    const [before, after] = [from, to].map((value) => valueText(value, zone))
    return `  ${shown(field).padEnd(10)}${before} → ${after}`
  })
  const first = `What would change about ${shown(couponId)}:`
  return `${[first, ...lines, `  ${shown(touched)} ${people}`].join('\n')}\n`
}

function valueText(value: unknown, zone: string): string {
  return value === null ? 'none' : (shownTime(zone, value) ?? shown(value).replace('_', ' '))
}

/** The winners of a page, a line each; says so where there is none, or more. */
export function winnersText(body: ServiceAnswer['body'], zone: string): string {
  const winners = Array.isArray(body.winners) ? (body.winners as ServiceAnswer['body'][]) : []
  if (winners.length === 0) return 'No winners.\n'
  const lines = winners.map(({ slot, code, status, issuedAt, userId }) => {
    const at = shownTime(zone, issuedAt) ?? '?'
    return `${shown(slot).padStart(8)}  ${shown(code)}  ${at}  ${shown(status)}  ${shown(userId)}`
  })
  if (typeof body.next === 'number') lines.push(`There are more: --after ${body.next}`)
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
  const { kind, value, max } = discount as Record<string, unknown>
  const most = max === undefined ? '' : `, at most ${shown(max)}`
  return `${shown(value)}${kind === 'percent' ? '%' : ''}${most}`
}

function validityText({ validUntil, validDays }: ServiceAnswer['body'], zone: string) {
  const until = shownTime(zone, validUntil)
  if (until !== null) return `until ${until}`
  return typeof validDays === 'number' ? `${validDays} days from the claim on` : null
}

function audienceText(audience: unknown): string | null {
  if (typeof audience !== 'object' || audience === null) return null
  const { attribute, values } = audience as Record<string, unknown>
  return `${shown(attribute)} ${(Array.isArray(values) ? values : []).map(shown).join(' or ')}`
}

/** A field as text, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? printable(value) : '?'
}
