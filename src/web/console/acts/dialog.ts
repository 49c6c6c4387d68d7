// A dialog of an act: what all of them have, from the form to the record. The browser’s own dialog
// keeps the focus inside, ends with Escape, and gives the focus back to what opened it.

import { useEffect, useRef } from 'preact/hooks'
import { filled, type Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import { type Answered, detailOf } from '../session.ts'
import { type ActWords, actWords } from './act-words.ts'
import type { Sending } from './sending.ts'
import { timeText } from './times.ts'

type DialogParts = { title: string; closed(): void; children?: unknown }

export function Dialog({ title, closed, children }: DialogParts): Html {
  const place = useRef<HTMLDialogElement>(null)
  useEffect(() => place.current?.showModal(), [])
  return html`<dialog class="act" ref=${place} aria-labelledby="act-title" onClose=${closed}>
    <h2 id="act-title">${title}</h2>${children}</dialog>`
}

function close(event: Event): void {
  ;(event.currentTarget as HTMLElement).closest('dialog')?.close()
}

type ButtonsParts = { act: string; isReady: boolean; isFinal?: boolean; language: Language }

export function Buttons({ act, isReady, isFinal = false, language }: ButtonsParts): Html {
  return html`<div class="buttons">
    <button type="button" onClick=${close}>${actWords[language].cancel}</button>
    <button type="submit" class=${isFinal ? 'final' : 'main'} disabled=${!isReady}>${act}</button>
  </div>`
}

type RecordParts = { body: Answered['body']; language: Language }
type Recorded = {
  by: string
  revoked?: number
  log: { partition: number; offset: number; appendedAt: string }
}

/** What was done, and where the log says so: behind the offset stands no other number. */
export function Record({ body, language }: RecordParts): Html {
  const say = actWords[language]
  const done = useRef<HTMLButtonElement>(null)
  useEffect(() => done.current?.focus(), [])
  return html`<div class="record" role="status">${recordText(body, language).map(
    (text) => html`<p>${text}</p>`,
  )}</div>
    <div class="buttons"><button type="button" class="main" ref=${done} onClick=${close}>
      ${say.done}</button></div>`
}

function recordText(body: Answered['body'], language: Language): string[] {
  const say = actWords[language]
  const { by, revoked, log } = body as Partial<Recorded>
  if (by === undefined || log === undefined) return [say.nothingDone]
  const { partition, offset, appendedAt } = log
  const count = new Intl.NumberFormat(language).format(revoked ?? 0)
  return [
    filled(say.recordedBy, { by, time: timeText(appendedAt, language) }),
    ...(revoked === undefined ? [] : [filled(say.revokedCount, { count })]),
    filled(say.place, { partition: String(partition), offset: String(offset) }),
  ]
}

/** What became of an act that is not done, in sentences. */
export function Said({ sending, language }: { sending: Sending; language: Language }): Html {
  const { verdict, isSending } = sending
  const say = actWords[language]
  const text =
    verdict?.kind === 'later'
      ? filled(say[verdict.why], { seconds: String(verdict.seconds) })
      : isSending
        ? say.sending
        : ''
  const refused = verdict?.kind === 'refused' && !isSending ? refusalText(verdict.answer, say) : []
  return html`<p class="said" role="status">${text}</p>
    ${
      refused.length > 0 &&
      html`<ul class="refused" role="alert">
      ${refused.map((one) => html`<li>${one}</li>`)}</ul>`
    }`
}

function refusalText(answer: Answered, say: ActWords): string[] {
  const errors = (answer.body.errors ?? []) as { path: string; message: string }[]
  if (errors.length === 0) return [detailOf(answer)]
  return errors.map(({ path, message }) => {
    const field = say[fieldWords[path] ?? 'moreTerms'].replace(/ \(.*/, '')
    const known = mistakes.find(([text]) => message.startsWith(text))
    return `${field}: ${known === undefined ? message : say[known[1]]}`
  })
}

const fieldWords: Readonly<Record<string, keyof ActWords>> = {
  '/couponId': 'couponId',
  '/name': 'name',
  '/quantity': 'quantity',
  '/add': 'add',
  '/reason': 'reason',
  '/userId': 'user',
  '/opensAt': 'opensAt',
  '/closesAt': 'closesAt',
  '/discount': 'discount',
  '/minimum': 'minimum',
  '/validUntil': 'validUntil',
  '/validDays': 'validDays',
  '/audience': 'attribute',
}
const mistakes = [
  ['must be in the future', 'future'],
  ['must be after now', 'future'],
  ['must be after', 'afterOpens'],
  ['does not go with validUntil', 'twoValid'],
] as const
