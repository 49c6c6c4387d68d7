// The buttons of acts, for operators alone, and the dialog that one of them has opened. The dialog
// stands outside the region of its coupon, where each name is that of one button.

import { useState } from 'preact/hooks'
import type { Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { Coupon } from '../model.ts'
import { ActDialog } from './act-dialog.ts'
import { actWords } from './act-words.ts'
import { NewCoupon } from './new-coupon.ts'
import { type ActName, actNames, isFinal } from './wishes.ts'

/** `couponId`: of the coupon that it is about. */
export type OpenAct = { act: ActName; couponId: string } | { act: 'create' }
export type Acts = { opened: OpenAct | null; open(act: OpenAct | null): void }

export function useActs(): Acts {
  const [opened, open] = useState<OpenAct | null>(null)
  return { opened, open }
}

type ActButtonsParts = { acts: Acts; coupon: Coupon; language: Language }

export function ActButtons({ acts, coupon: { couponId }, language }: ActButtonsParts): Html {
  return html`<div class="acts">${actNames.map(
    (act) => html`<button type="button" class=${isFinal(act) ? 'final' : ''}
      onClick=${() => acts.open({ act, couponId })}>${actWords[language][act]}</button>`,
  )}</div>`
}

export function NewCouponButton({ acts, language }: { acts: Acts; language: Language }): Html {
  return html`<button type="button" class="new-coupon"
    onClick=${() => acts.open({ act: 'create' })}>${actWords[language].create}</button>`
}

type OpenedParts = { acts: Acts; coupons: ReadonlyMap<string, Coupon>; language: Language }

export function OpenedAct({ acts: { opened, open }, coupons, language }: OpenedParts): Html | null {
  const closed = () => open(null)
  if (opened === null) return null
  if (opened.act === 'create') {
    return html`<${NewCoupon} taken=${coupons} language=${language} closed=${closed} />`
  }
  const coupon = coupons.get(opened.couponId)
  if (coupon === undefined) return null
  return html`<${ActDialog} act=${opened.act} coupon=${coupon} language=${language}
    closed=${closed} />`
}
