// Who has won the chosen coupon: a page at a time, or whoever fits what was asked for, and a file
// of them all. Users are hidden until somebody asks for them.

import { useEffect, useState } from 'preact/hooks'
import type { Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { Coupon } from '../model.ts'
import type { PartProps } from '../part-props.ts'
import { useAnswer, withQuery } from './asking.ts'
import { FindForm, Moment, Pager, UsersButton, userText } from './finding.ts'
import { words } from './words.ts'

type Winner = {
  slot: number
  userId: string
  code: string
  issuedAt: string
  validUntil?: string
  status: 'unused' | 'reserved' | 'used' | 'revoked' | 'expired'
  orderId?: string
}
type WinnersPage = { winners: readonly Winner[]; next?: number }
/** `befores`: where the pages before this one began, so that one can go back. */
type Place = { text: string; after: number; befores: readonly number[]; times: number }

const rowsShown = 50
const invalidRequest = 422
/** While more have won than are shown: the rows follow the log by a moment. */
const followMs = 3_000

export function Winners(props: PartProps): Html {
  const { coupon, language } = props
  const say = words[language]
  if (coupon === undefined) return html`<p>${say.chooseFirst}</p>`
  return html`<${WinnersOf} key=${coupon.couponId} ...${props} />`
}

type WinnersOfProps = PartProps & { coupon: Coupon }

function WinnersOf({ coupon, language, signedOut }: WinnersOfProps): Html {
  const say = words[language]
  const [place, setPlace] = useState(firstPlace)
  const [areShown, setAreShown] = useState(false)
  const { page, said } = useWinners(coupon, place, { language, signedOut })
  const { text, befores, times } = place
  const goTo = (to: Partial<Place>) => setPlace({ ...place, ...to })
  const [previous, next] = [befores.at(-1), text === '' ? page?.next : undefined]
  const goBack = () => goTo({ after: previous ?? 0, befores: befores.slice(0, -1) })
  const goOn = () => goTo({ after: next ?? 0, befores: [...befores, place.after] })
  return html`
    <${FindForm} language=${language} label=${say.winner} hint=${say.winnerHint}
      find=${(typed: string) => setPlace({ ...firstPlace, text: typed, times: times + 1 })} />
    <p class="tools">
      <${UsersButton} language=${language} areShown=${areShown} show=${setAreShown} />
      <a class="button" href=${`${pathOf(coupon)}.csv`} download>${say.csv}</a></p>
    <p role="status">${said}</p>
    ${
      page !== null &&
      page.winners.length > 0 &&
      html`<${Table} winners=${page.winners} areShown=${areShown} language=${language} />`
    }
    <${Pager} language=${language} previous=${previous === undefined ? undefined : goBack}
      next=${next === undefined ? undefined : goOn} />`
}

const firstPlace: Place = { text: '', after: 0, befores: [], times: 0 }
const pathOf = ({ couponId }: Coupon) => `/coupons/${couponId}/winners`

type Found = { page: WinnersPage | null; said: string }

/** What was typed may be a code or a user: the code is asked for first. */
function useWinners(
  coupon: Coupon,
  { text, after, times }: Place,
  parts: Pick<PartProps, 'language' | 'signedOut'>,
): Found {
  const say = words[parts.language]
  const path = pathOf(coupon)
  const [isBehind, setIsBehind] = useState(false)
  const { slot, userId, code } = meaningOf(text)
  const page = text === '' ? { limit: rowsShown, after } : {}
  const asked = withQuery(path, { ...page, slot, ...(code === undefined ? { userId } : { code }) })
  const everyMs = isBehind ? followMs : null
  const first = useAnswer<WinnersPage>({ path: asked, times, everyMs, ...parts })
  const isNoCode = code !== undefined && first.body?.winners.length === 0
  const byUser = isNoCode ? withQuery(path, { userId }) : null
  const second = useAnswer<WinnersPage>({ path: byUser, times, ...parts })
  const { body, refusal, status } = isNoCode ? second : first
  const isLast = text === '' && body !== null && body.next === undefined
  const shownUpTo = body?.winners.at(-1)?.slot ?? after
  useEffect(() => setIsBehind(isLast && shownUpTo < coupon.issued))
  // Nobody can have what is no slot, and no name of a user.
  const isNone = body?.winners.length === 0 || (text !== '' && status === invalidRequest)
  const none = text === '' ? say.noWinners : say.noWinnerFits
  return { page: body, said: isNone ? none : refusal }
}

/**
 * Digits alone are a slot, unless they are as many as a code has. Between quotes stands a user. A
 * code is typed in any case and with whatever between its groups.
 */
function meaningOf(text: string): { slot?: string; userId?: string; code?: string } {
  if (/^\d{1,12}$/.test(text)) return { slot: text }
  const quoted = /^["“”](.+)["“”]$/.exec(text)?.[1]
  if (quoted !== undefined) return { userId: quoted }
  if (text === '') return {}
  const mayBeCode = /^[\dA-Z*~$=]{13}$/i.test(text.replaceAll(/[\s-]/g, ''))
  return { userId: text, ...(mayBeCode && { code: text }) }
}

type TableParts = { winners: readonly Winner[]; areShown: boolean; language: Language }

function Table({ winners, areShown, language }: TableParts): Html {
  const say = words[language]
  const rows = winners.map(
    ({ slot, userId, code, issuedAt, validUntil, status, orderId }) => html`<tr key=${slot}>
      <td class="number">${new Intl.NumberFormat(language).format(slot)}</td>
      <td><span>${userText(userId, areShown)}</span><br /><code>${code}</code></td>
      <td class=${status}><b>${say[status]}</b>
        <small>${say.wonAt} <${Moment} at=${issuedAt} language=${language} /></small>
        ${
          validUntil !== undefined &&
          html`<small>${say.validUntil} <${Moment} at=${validUntil} language=${language} /></small>`
        }
        ${orderId !== undefined && html`<small>${say.order} <code>${orderId}</code></small>`}
      </td></tr>`,
  )
  return html`<table><thead><tr><th scope="col">${say.slot}</th>
      <th scope="col">${say.userAndCode}</th><th scope="col">${say.state}</th></tr></thead>
    <tbody>${rows}</tbody></table>`
}
