// Orders and redemptions, found by their id or by their user, each with its steps in time. Users
// are hidden until somebody asks for them.

import { useState } from 'preact/hooks'
import type { Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { PartProps } from '../part-props.ts'
import { useAnswer, withQuery } from './asking.ts'
import { FindForm, Moment, Pager, UsersButton, userText } from './finding.ts'
import { words } from './words.ts'

type Step = { step: string; outcome: string; reason?: string; at: string }
type Order = {
  orderId: string
  userId: string
  status: 'pending' | 'confirmed' | 'cancelled' | 'returning' | 'returned'
  reason?: string
  return?: { by: string; reason?: string; askedAt: string }
  lines: readonly { productId: string; quantity: number }[]
  couponId?: string
  total?: number
  redemption?: {
    reference: string
    subtotal: number
    status: 'pending' | 'reserved' | 'used' | 'released' | 'refused'
  }
  steps: readonly Step[]
  placedAt: string
}
type OrdersPage = { orders: readonly Order[]; next?: string }
type Place = { text: string; afters: readonly string[]; times: number }

const ordersShown = 20
/** While one of those that are shown has not ended. */
const followMs = 3_000
const invalidRequest = 422

export function Orders({ language, signedOut }: PartProps): Html {
  const say = words[language]
  const [place, setPlace] = useState<Place>({ text: '', afters: [], times: 0 })
  const [areShown, setAreShown] = useState(false)
  const [everyMs, setEveryMs] = useState<number | null>(null)
  const { text, afters, times } = place
  const asked = { find: text, limit: ordersShown, after: afters.at(-1) }
  const path = text === '' ? null : withQuery('/orders', asked)
  const found = useAnswer<OrdersPage>({ path, times, everyMs, language, signedOut })
  const { body, refusal, status } = found
  const isLive = body?.orders.some((one) => one.status === 'pending' || one.status === 'returning')
  const wantedMs = isLive === true ? followMs : null
  if (wantedMs !== everyMs) setEveryMs(wantedMs)
  const isNone = body?.orders.length === 0 || status === invalidRequest
  const next = body?.next
  const goTo = (to: readonly string[]) => setPlace({ ...place, afters: to })
  return html`
    <${FindForm} language=${language} label=${say.orderOrUser} hint=${say.orderHint}
      find=${(typed: string) => setPlace({ text: typed, afters: [], times: times + 1 })} />
    <p class="tools">
      <${UsersButton} language=${language} areShown=${areShown} show=${setAreShown} /></p>
    <p role="status">${isNone ? say.noOrders : refusal}</p>
    <ul class="orders">${body?.orders.map(
      (order) => html`<${OrderShown} key=${order.orderId} ...${{ order, areShown, language }} />`,
    )}</ul>
    <${Pager} language=${language}
      previous=${afters.length === 0 ? undefined : () => goTo(afters.slice(0, -1))}
      next=${next === undefined ? undefined : () => goTo([...afters, next])} />`
}

type OrderParts = { order: Order; areShown: boolean; language: Language }

function OrderShown({ order, areShown, language }: OrderParts): Html {
  const say = words[language]
  const { orderId, userId, lines, couponId, total, redemption, placedAt, reason } = order
  const figure = (value: number) => new Intl.NumberFormat(language).format(value)
  const status = redemption?.status ?? order.status
  const bought = lines.map(({ productId, quantity }) => `${productId} × ${figure(quantity)}`)
  const facts: [string, unknown][] = [
    [say.user, userText(userId, areShown)],
    [say.placedAt, html`<${Moment} at=${placedAt} language=${language} />`],
    ...fact(
      say.redemption,
      redemption && `${redemption.reference}, ${figure(redemption.subtotal)}`,
    ),
    ...fact(say.lines, bought.length > 0 ? bought.join(', ') : undefined),
    ...fact(say.couponUsed, couponId),
    ...fact(say.total, total === undefined ? undefined : figure(total)),
    ...fact(say.why, reason && html`<code>${reason}</code>`),
    ...fact(
      say.returnAsked,
      order.return && html`<${Returned} ...${{ order, areShown, language }} />`,
    ),
  ]
  return html`<li><h3>${redemption ? say.redemption : say.order} <code>${orderId}</code></h3>
    <p class=${status}><b>${say[status]}</b>
      ${say[status] !== status && html` <code>${status}</code>`}</p>
    <dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    <ol class="steps">${order.steps.map(
      (step) => html`<li><${StepShown} step=${step} language=${language} /></li>`,
    )}</ol></li>`
}

function fact(name: string, value: unknown): [string, unknown][] {
  return value === undefined || value === '' ? [] : [[name, value]]
}

function Returned({ order, areShown, language }: OrderParts): Html {
  const { by = '', reason = '', askedAt = '' } = order.return ?? {}
  return html`<span>${by === order.userId ? userText(by, areShown) : by},
    <${Moment} at=${askedAt} language=${language} />${reason && `, ${reason}`}</span>`
}

function StepShown({ step: { step, outcome, reason, at }, language }: StepParts): Html {
  return html`<${Moment} at=${at} language=${language} /> <b>${step}</b> <span>${outcome}</span>
    ${reason !== undefined && html` <code>${reason}</code>`}`
}

type StepParts = { step: Step; language: Language }
