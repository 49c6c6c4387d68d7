// The time line of the chosen coupon: each act with when, who and why, and where its record stands,
// newest first.

import { useState } from 'preact/hooks'
import { filled, type Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { Coupon } from '../model.ts'
import type { PartProps } from '../part-props.ts'
import { type ActWords, actWords } from './act-words.ts'
import { type DoneAct, useDoneActs } from './done-acts.ts'
import { timeText } from './times.ts'

const actsShown = 100

export function TimeLine(props: PartProps): Html {
  const { coupon, language } = props
  if (coupon === undefined) return html`<p>${actWords[language].chooseFirst}</p>`
  return html`<${TimeLineOf} key=${coupon.couponId} ...${props} />`
}

function TimeLineOf(props: PartProps & { coupon: Coupon }): Html {
  const { coupon, language } = props
  const { acts, said } = useDoneActs(coupon, props)
  const [shown, setShown] = useState(actsShown)
  const all = acts ?? []
  const newest = all.toReversed().slice(0, shown)
  return html`<p role="status">${said}</p>
    <ol class="time-line">${newest.map(
      (act) => html`<${Entry} key=${act.log.offset} act=${act} language=${language} />`,
    )}</ol>
    ${
      all.length > shown &&
      html`<p><button type="button" onClick=${() => setShown(shown + actsShown)}>
        ${actWords[language].older}</button></p>`
    }`
}

/** Behind the offset stands no other number. */
function Entry({ act, language }: { act: DoneAct; language: Language }): Html {
  const say = actWords[language]
  const { kind, at, by, reason, log } = act
  const details = detailsOf(act, language)
  return html`<li class=${kind}>
    <time datetime=${at}>${timeText(at, language)}</time>
    <div><p><b>${say[kinds[kind]]}</b> <span>${filled(say.by, { by })}</span></p>
      ${details.length > 0 && html`<p>${details.join(' · ')}</p>`}
      <p class=${reason === undefined ? 'none' : 'why'}>${reason ?? say.noReason}</p></div>
    <span class="place">${filled(say.offset, { offset: String(log.offset) })}</span></li>`
}

const kinds = {
  created: 'kindCreated',
  edited: 'kindEdited',
  restocked: 'kindRestocked',
  paused: 'kindPaused',
  resumed: 'kindResumed',
  closed: 'kindClosed',
  revoked: 'kindRevoked',
} as const satisfies Record<DoneAct['kind'], keyof ActWords>

/** What it said, beside what every act says. */
export function detailsOf(act: DoneAct, language: Language): string[] {
  const say = actWords[language]
  const figure = new Intl.NumberFormat(language)
  const { kind, name, quantity, opensAt, closesAt, add, userId } = act
  const texts = [
    name && `${say.name}: ${name}`,
    quantity && `${say.quantity}: ${figure.format(quantity)}`,
    opensAt && `${say.opens}: ${timeText(opensAt, language)}`,
    closesAt && `${say.closes}: ${timeText(closesAt, language)}`,
    add && `+${figure.format(add)}`,
    kind === 'revoked' && (userId ?? say.everyone),
  ]
  return texts.filter((text) => typeof text === 'string' && text !== '') as string[]
}
