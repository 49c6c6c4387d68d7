// One dead letter whole: where it comes from, why it failed, its bytes, and what was done about it.

import { useState } from 'preact/hooks'
import type { Language } from '../../shared/texts.ts'
import { Dialog } from '../acts/dialog.ts'
import { type Html, html } from '../html.ts'
import { useAnswer } from './asking.ts'
import { Moment } from './finding.ts'
import { type LetterAct, Question } from './letters-question.ts'
import { words } from './words.ts'

type Letter = {
  deadLetterId: string
  consumer: string
  status: 'waiting' | 'redriven' | 'discarded'
  origin: { topic: string; partition: number; offset: number; appendedAt: string }
  key: string
  reason: string
  attempts: number
  redrives: number
  redrivable: boolean
  buriedAt: string
  acts: readonly { act: 'redriven' | 'discarded'; by: string; at: string; reason: string }[]
  headers: Readonly<Record<string, string>>
  value: string
  text?: string
}
type LetterDialogParts = {
  deadLetterId: string
  mayAct: boolean
  language: Language
  signedOut(): void
  closed(): void
}

export function LetterDialog({ closed, ...parts }: LetterDialogParts): Html {
  const { deadLetterId, mayAct, language, signedOut } = parts
  const say = words[language]
  const [act, setAct] = useState<LetterAct | null>(null)
  const path = `/dead-letters/${deadLetterId}`
  const { body, refusal } = useAnswer<Letter>({ path, language, signedOut })
  const of = { deadLetterId }
  const button = (name: LetterAct) =>
    html`<button type="button" class=${name === 'discard' ? 'final' : 'main'}
      onClick=${() => setAct(name)}>${say[name]}</button>`
  const whole = html`<p role="status">${refusal}</p>
    ${body && html`<${Whole} letter=${body} language=${language} />`}
    <form method="dialog" class="buttons"><button>${say.done}</button>
      ${mayAct && body?.status === 'waiting' && button('discard')}
      ${mayAct && body?.status === 'waiting' && body.redrivable && button('redrive')}</form>`
  return html`<${Dialog} title=${act === null ? deadLetterId : say[act]} closed=${closed}>${
    act === null ? whole : html`<${Question} ...${{ act, of, language, signedOut }} />`
  }</${Dialog}>`
}

function Whole({ letter, language }: { letter: Letter; language: Language }): Html {
  const say = words[language]
  const { origin, acts, headers, status } = letter
  const states = { waiting: say.waiting, redriven: say.wasRedriven, discarded: say.wasDiscarded }
  const moment = (at: string) => html`<${Moment} at=${at} language=${language} />`
  const facts: [string, unknown][] = [
    [say.state, states[status]],
    [say.consumer, letter.consumer],
    [say.reason, letter.reason],
    [say.record, `${origin.topic} ${origin.partition}:${origin.offset}`],
    [say.writtenAt, moment(origin.appendedAt)],
    [say.buriedAt, moment(letter.buriedAt)],
    [say.attempts, letter.attempts],
    [say.redrives, letter.redrives],
    [say.key, html`<code>${letter.key}</code>`],
  ]
  const done = acts.map(
    ({ act, by, at, reason }) => html`<li>${moment(at)} ${states[act]}, ${say.by} ${by}
      <small>${reason}</small></li>`,
  )
  const headerLines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return html`<dl class="facts">${facts.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl>
    ${done.length > 0 && html`<h3>${say.actsDone}</h3><ol>${done}</ol>`}
    <h3>${say.headers}</h3><pre tabindex="0">${headerLines.join('\n')}</pre>
    <h3>${say.content}</h3><pre tabindex="0">${letter.text ?? letter.value}</pre>`
}
