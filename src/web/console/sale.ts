// The chosen coupon, to be read from three metres, and the charts of all of them.

import { filled, type Language } from '../shared/texts.ts'
import { Chart } from './charts.ts'
import { type Html, html } from './html.ts'
import { arrivalsIn, type Coupon, countdown, type Model, paceOf, type Second } from './model.ts'
import { words } from './words.ts'

type SaleParts = { model: Model; coupon: Coupon; language: Language; children?: unknown }

/** With its children below the figures. */
export function Sale({ model, coupon, language, children }: SaleParts): Html {
  const say = words[language]
  const { couponId, name, status, remaining, quantity } = coupon
  const figure = (value: number) => new Intl.NumberFormat(language).format(value)
  const notes = notesOf(model, coupon, language)
  // Of the quantity, for what is left gets shorter in the middle of a sale.
  const size = quantity < 100_000 ? 'left' : 'left long'
  return html`<section class=${`sale ${status}`} role="region" aria-label=${name}>
    <h2>${name}</h2>
    <p class="state"><span class="mark" aria-hidden="true"></span>${say[status]}</p>
    <p class=${size}><b>${figure(remaining)} / ${figure(quantity)}</b>
      <small>${say.left}</small></p>
    <ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>
    ${children}
    <p class="proof"><a href=${`/events/${couponId}/proof`} target="_blank">${say.proof}</a></p>
  </section>`
}

function notesOf(model: Model, coupon: Coupon, language: Language): string[] {
  const say = words[language]
  const { couponId, status, opensAt, closesAt, remaining } = coupon
  const now = Date.parse(model.now)
  const time = (ms: number) => countdown(ms, say.days)
  if (status === 'scheduled') {
    return [filled(say.opensIn, { time: time(Date.parse(opensAt) - now) })]
  }
  const notes: string[] = []
  const pace = paceOf(model, couponId)
  if (status === 'open') {
    const count = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(pace)
    notes.push(filled(say.perSecond, { count }))
    if (pace > 0) {
      notes.push(filled(say.soldOutIn, { time: time((remaining / pace) * 1_000) }))
    }
  }
  if (closesAt !== null && status !== 'closed') {
    notes.push(filled(say.closesIn, { time: time(Date.parse(closesAt) - now) }))
  }
  return notes
}

type ChartsParts = { seconds: readonly Second[]; language: Language }

export function Charts({ seconds, language }: ChartsParts): Html {
  const say = words[language]
  const times = seconds.map(({ at }) => Date.parse(at) / 1_000)
  const sum = (outcomes: readonly string[]) =>
    seconds.map(({ claims }) => outcomes.reduce((all, one) => all + (claims[one] ?? 0), 0))
  const claims = [
    { label: say.won, colour: 'green', values: sum(['issued']) },
    { label: say.refused, colour: 'red', values: sum(refusals) },
    { label: say.other, colour: 'grey', values: sum(['pending', 'unavailable']) },
  ]
  const latency = [
    { label: say.half, colour: 'blue', values: seconds.map(({ p50 }) => p50) },
    { label: say.most, colour: 'orange', values: seconds.map(({ p99 }) => p99) },
  ]
  const behind = [
    { label: say.records, colour: 'blue', values: seconds.map((second) => second.behind) },
  ]
  return html`<section class="charts"><h2>${say.figures}</h2>
    <${Chart} title=${say.claims} lines=${claims} times=${times} />
    <${Chart} title=${say.latency} lines=${latency} times=${times} />
    <${Chart} title=${say.behind} lines=${behind} times=${times} />
    <p class="arrivals">${arrivalText(seconds, language)}</p>
  </section>`
}

function arrivalText(seconds: readonly Second[], language: Language): string {
  const { pairs, inversions } = arrivalsIn(seconds)
  const say = words[language]
  if (pairs === 0) return say.arrivalsNone
  const number = new Intl.NumberFormat(language)
  const style = { style: 'percent', maximumSignificantDigits: 2 } as const
  const share = new Intl.NumberFormat(language, style).format(inversions / pairs)
  return filled(say.arrivals, {
    pairs: number.format(pairs),
    inversions: number.format(inversions),
    share,
  })
}

const refusals = ['sold_out', 'not_open', 'paused', 'not_eligible', 'closed', 'unknown_coupon']
