// An act on a coupon: its fields, what the service says that it would do, why it is done, and then
// the record. What was shown is what is done, or nothing: the state that it was shown for goes with
// the act, and nothing here looks again by itself.

import { useState } from 'preact/hooks'
import { filled, type Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { Coupon } from '../model.ts'
import { actWords } from './act-words.ts'
import { Buttons, Dialog, Record, Said } from './dialog.ts'
import { Field, fieldsOf } from './fields.ts'
import { changesNothing, previewText } from './preview-text.ts'
import { type Looked, type Preview, usePreview } from './previews.ts'
import { useSending } from './sending.ts'
import { fieldOf, zoneName } from './times.ts'
import { type ActName, callOf, type Fields, isFinal, textOf, wishOf } from './wishes.ts'

/** `coupon`: as the stream has it now. */
type ActDialogParts = { act: ActName; coupon: Coupon; language: Language; closed(): void }

export function ActDialog({ act, coupon, language, closed }: ActDialogParts): Html {
  const say = actWords[language]
  // The form is that of the coupon as it was: nothing changes under the hands of who fills it in.
  const [first] = useState(coupon)
  const [fields, setFields] = useState<Fields>({})
  const looked = usePreview(act, first.couponId, wishOf(act, fields, first))
  const sending = useSending()
  const { preview } = looked
  const { verdict, isSending } = sending
  if (verdict?.kind === 'done') {
    return html`<${Dialog} title=${say[act]} closed=${closed}>
      <p class="whose">${first.name}</p>
      <${Record} body=${verdict.body} language=${language} /></${Dialog}>`
  }
  const isRefused = verdict?.kind === 'changed'
  const hasChanged = isRefused || looked.isOther || (!isSending && isBehind(preview, coupon))
  const isRight = !isFinal(act) || fields.typed?.trim() === first.couponId
  const does = preview !== null && !changesNothing({ act, ...preview })
  function submit(event: SubmitEvent): void {
    event.preventDefault()
    if (preview === null) return
    const reason = textOf(fields.reason)
    const body = { ...preview.wish, reason }
    sending.send({ ...callOf(act, first.couponId), body, headers: { 'if-match': preview.etag } })
  }
  function lookAgain(): void {
    sending.forget()
    looked.lookAgain()
  }
  const form = (event: Event) => setFields(fieldsOf(event.currentTarget as HTMLFormElement))
  return html`<${Dialog} title=${say[act]} closed=${closed}>
    <form onInput=${form} onChange=${form} onSubmit=${submit}>
      <p class="whose">${first.name}</p>
      <${ActFields} act=${act} coupon=${first} fields=${fields} language=${language} />
      <${Shown} act=${act} looked=${looked} language=${language} />
      <${Field} name="reason" label=${say.reason} hint=${say.reasonHint} isRequired=${true}
        charactersMax=${500} />
      ${
        isFinal(act) &&
        html`<${Field} name="typed" label=${say.couponId} isRequired=${true}
          hint=${filled(say.couponIdTyped, { couponId: first.couponId })} />`
      }
      ${
        hasChanged &&
        html`<div class="changed" role="alert"><p>${say.changed}</p>
          <button type="button" onClick=${lookAgain}>${say.lookAgain}</button></div>`
      }
      <${Said} sending=${sending} language=${language} />
      <${Buttons} act=${say[act]} isFinal=${isFinal(act)} language=${language}
        isReady=${does && isRight && !isSending && !isRefused} />
    </form></${Dialog}>`
}

/** The stream has told of an act that came after what is shown. */
function isBehind(preview: Preview | null, { lastAct }: Coupon): boolean {
  const seen = Number(preview?.etag.replaceAll('"', ''))
  return lastAct !== null && lastAct > seen
}

type ActFieldsParts = { act: ActName; coupon: Coupon; fields: Fields; language: Language }

function ActFields({ act, coupon, fields, language }: ActFieldsParts): Html | null {
  const say = actWords[language]
  const zone = { zone: zoneName() }
  const { name, status, opensAt, closesAt } = coupon
  switch (act) {
    case 'restock':
      return html`<${Field} name="add" label=${say.add} kind="count" isRequired=${true} />`
    case 'edit':
      return html`<${Field} name="name" label=${say.name} value=${name} charactersMax=${200}
          isRequired=${true} />
        ${
          status === 'scheduled' &&
          html`<${Field} name="opensAt" label=${filled(say.opensAt, zone)} kind="time"
            value=${fieldOf(opensAt)} isRequired=${true} />`
        }
        <${Field} name="closesAt" label=${filled(say.closesAt, zone)} kind="time"
          value=${closesAt === null ? '' : fieldOf(closesAt)} isRequired=${closesAt !== null} />`
    case 'revoke': {
      const isAll = fields.everyone !== undefined
      return html`<${Field} name="user" label=${say.user} isRequired=${!isAll} isOff=${isAll} />
        <label class="tick"><input type="checkbox" name="everyone" />${say.everyone}</label>`
    }
    case 'pause':
    case 'resume':
    case 'close':
      return null
  }
}

type ShownParts = { act: ActName; looked: Looked; language: Language }

function Shown({ act, looked, language }: ShownParts): Html {
  const say = actWords[language]
  const { preview, refusal, isAway } = looked
  if (refusal !== '') return html`<p class="preview refused" role="alert">${refusal}</p>`
  if (preview === null) {
    return html`<p class="preview" role="status">${isAway ? say.lookingAway : ''}</p>`
  }
  const { changes, sentences } = previewText({ act, ...preview }, language)
  return html`<div class="preview" role="status">
    ${
      changes.length > 0 &&
      html`<ul>${changes.map(
        ({ name, text }) => html`<li><span>${name}</span> <b>${text}</b></li>`,
      )}</ul>`
    }
    ${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>`
}
