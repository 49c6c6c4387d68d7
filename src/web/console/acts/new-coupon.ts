// A new coupon: an id, a name, how many, and why; all its other terms may be left alone.

import { useState } from 'preact/hooks'
import { filled, type Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import { actWords } from './act-words.ts'
import { Buttons, Dialog, Record, Said } from './dialog.ts'
import { Field, fieldsOf } from './fields.ts'
import { newCouponText } from './preview-text.ts'
import { useSending } from './sending.ts'
import { zoneName } from './times.ts'
import { type Fields, newCouponOf, textOf } from './wishes.ts'

type NewCouponParts = {
  /** Ids of the coupons that are there. */
  taken: { has(couponId: string): boolean }
  language: Language
  closed(): void
}

const couponIdPattern = '[a-z0-9][a-z0-9\\-]{0,62}'

export function NewCoupon({ taken, language, closed }: NewCouponParts): Html {
  const say = actWords[language]
  const [fields, setFields] = useState<Fields>({})
  const sending = useSending()
  const { verdict, isSending } = sending
  if (verdict?.kind === 'done') {
    return html`<${Dialog} title=${say.create} closed=${closed}>
      <p class="whose">${fields.name}</p>
      <${Record} body=${verdict.body} language=${language} /></${Dialog}>`
  }
  const wish = newCouponOf(fields)
  const couponId = fields.couponId?.trim() ?? ''
  const isTaken = !isSending && taken.has(couponId)
  const isRight = new RegExp(`^${couponIdPattern}$`).test(couponId) && !isTaken
  function submit(event: SubmitEvent): void {
    event.preventDefault()
    if (wish === null) return
    const body = { ...wish, reason: textOf(fields.reason) }
    sending.send({ method: 'POST', path: '/coupons', body })
  }
  const form = (event: Event) => setFields(fieldsOf(event.currentTarget as HTMLFormElement))
  return html`<${Dialog} title=${say.create} closed=${closed}>
    <form onInput=${form} onChange=${form} onSubmit=${submit}>
      <${Field} name="couponId" label=${say.couponId} isRequired=${true} charactersMax=${63}
        pattern=${couponIdPattern} hint=${isTaken ? say.couponIdTaken : say.couponIdNew} />
      <${Field} name="name" label=${say.name} isRequired=${true} charactersMax=${200} />
      <${Field} name="quantity" label=${say.quantity} kind="count" isRequired=${true} />
      <${Times} language=${language} />
      <${Terms} fields=${fields} language=${language} />
      <${Field} name="reason" label=${say.reason} hint=${say.reasonHint} isRequired=${true}
        charactersMax=${500} />
      <p class="preview" role="status">${wish === null ? '' : newCouponText(wish, language)}</p>
      <${Said} sending=${sending} language=${language} />
      <${Buttons} act=${say.create} isReady=${isRight && !isSending} language=${language} />
    </form></${Dialog}>`
}

function Times({ language }: { language: Language }): Html {
  const say = actWords[language]
  const zone = { zone: zoneName() }
  return html`<div class="pair">
    <${Field} name="opensAt" label=${filled(say.opensAt, zone)} kind="time"
      hint=${say.opensHint} />
    <${Field} name="closesAt" label=${filled(say.closesAt, zone)} kind="time"
      hint=${say.closesHint} /></div>`
}

function Terms({ fields, language }: { fields: Fields; language: Language }): Html {
  const say = actWords[language]
  const { discount = 'none' } = fields
  return html`<details><summary>${say.moreTerms}</summary>
    <div class="pair">
      <div class="field"><label for="field-discount">${say.discount}</label>
        <select id="field-discount" name="discount">
          <option value="none">${say.discountNone}</option>
          <option value="amount">${say.discountAmount}</option>
          <option value="percent">${say.discountPercent}</option>
        </select></div>
      <${Field} name="discountValue" label=${say.discountValue} kind="count"
        isOff=${discount === 'none'} isRequired=${discount !== 'none'} />
      <${Field} name="discountMax" label=${say.discountMax} kind="count"
        isOff=${discount !== 'percent'} />
      <${Field} name="minimum" label=${say.minimum} kind="count" />
      <${Field} name="validUntil" label=${filled(say.validUntil, { zone: zoneName() })}
        kind="time" />
      <${Field} name="validDays" label=${say.validDays} kind="count" />
      <${Field} name="attribute" label=${say.attribute} hint=${say.attributeHint} />
      <${Field} name="values" label=${say.values} kind="lines"
        isRequired=${(fields.attribute ?? '').trim() !== ''} />
    </div></details>`
}
