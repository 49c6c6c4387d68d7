// Rehearsals and audits: begun with one button, watched while they go on, from every console alike,
// and the last report of each for as long as there is no other.

import { useEffect, useState } from 'preact/hooks'
import { randomKey } from '../../shared/random-key.ts'
import { filled, type Language } from '../../shared/texts.ts'
import { sendAgain } from '../acts/sending.ts'
import { timeText } from '../acts/times.ts'
import { type Html, html } from '../html.ts'
import type { PartProps } from '../part-props.ts'
import { type Answered, ask } from '../session.ts'
import { refusalOf, useAnswer } from '../support/asking.ts'
import { auditInKorean } from './audit-korean.ts'
import { inKorean } from './found-korean.ts'
import { stepText, words } from './words.ts'

type Kept = boolean | null
type RunPromise = {
  id: string
  kept: Kept
  checks: readonly { name: string; detail: string }[]
  breaches: readonly string[]
}
type End = {
  verdict: 'kept' | 'broken' | 'unjudged' | 'stopped' | 'failed'
  reason?: string
  promises: readonly RunPromise[]
}
type Run = {
  runId: string
  by: string
  startedAt: string
  endedAt: string | null
  progress: { step: string; part: number | null } | null
  end: End | null
}
type Runs = { running?: Run; last?: Run }
type Sizes = { users: string; quantity: string }
type KindProps = PartProps & { path: string; isRehearsal: boolean }

const runningMs = 1_000
const restingMs = 2_000
const againMs = 1_000
const peopleMax = 5_000

export function Rehearsal(props: PartProps): Html {
  return html`<${RunPart} ...${props} path="/console/rehearsals" isRehearsal=${true} />`
}

export function Audit(props: PartProps): Html {
  return html`<${RunPart} ...${props} path="/console/audits" isRehearsal=${false} />`
}

function RunPart({ language, session, signedOut, path, isRehearsal }: KindProps): Html {
  const say = words[language]
  const [wish, setWish] = useState<{ key: string; sizes: Sizes } | null>(null)
  const [refusal, setRefusal] = useState('')
  const [times, setTimes] = useState(0)
  const [isRunning, setIsRunning] = useState(false)
  const everyMs = isRunning ? runningMs : restingMs
  const found = useAnswer<Runs>({ path, times, everyMs, language, signedOut })
  const { running, last } = found.body ?? {}
  useEffect(() => setIsRunning(running !== undefined), [running !== undefined])
  useEffect(() => {
    if (wish === null) return
    return sendUntilAnswered({ path, ...wish, isRehearsal }, (answer) => {
      if (answer.status === 401) return signedOut()
      setRefusal(answer.status < 300 ? '' : refusalOf(answer, language))
      setWish(null)
      setTimes((n) => n + 1)
    })
  }, [wish])
  const isAsked = wish !== null
  const begin = (sizes: Sizes) => {
    setRefusal('')
    setWish({ key: randomKey(), sizes })
  }
  const stop = () => void ask({ method: 'DELETE', path }).catch(() => {})
  const mayRun = session.scope === 'operator'
  const isBusy = isAsked || running !== undefined
  const shown = isBusy ? undefined : last
  return html`<p>${isRehearsal ? say.rehearsalHint : say.auditHint}</p>
    ${mayRun && html`<${RunForm} ...${{ language, isRehearsal, isBusy, begin }} />`}
    <p role="alert">${refusal || found.refusal}</p>
    ${isBusy && html`<${Progress} run=${running} ...${{ language, mayRun, stop }} />`}
    ${shown && html`<${Report} run=${shown} ...${{ path, language, isRehearsal }} />`}
    ${found.body && !isBusy && !last && html`<p role="status">${say.none}</p>`}`
}

type Sent = { path: string; key: string; sizes: Sizes; isRehearsal: boolean }

/** With one key, so that an answer that was lost begins no second run. Returns what ends it. */
function sendUntilAnswered(sent: Sent, answered: (answer: Answered) => void): () => void {
  const { path, key, sizes, isRehearsal } = sent
  const { users, quantity } = sizes
  const body = isRehearsal ? { users: Number(users), quantity: Number(quantity) } : undefined
  const headers = { 'idempotency-key': key }
  return sendAgain({ method: 'POST', path, body, headers }, (answer) => {
    if (answer === null) return againMs
    answered(answer)
    return null
  })
}

type FormProps = {
  language: Language
  isRehearsal: boolean
  isBusy: boolean
  begin(sizes: Sizes): void
}

function RunForm({ language, isRehearsal, isBusy, begin }: FormProps): Html {
  const say = words[language]
  const [sizes, setSizes] = useState<Sizes>({ users: '300', quantity: '100' })
  function submit(event: SubmitEvent): void {
    event.preventDefault()
    if (!isBusy) begin(sizes)
  }
  const field = (name: keyof Sizes) => html`<label>${say[name]}<input type="number"
      inputmode="numeric" required min="1" max=${peopleMax} value=${sizes[name]}
      onInput=${({ currentTarget }: { currentTarget: HTMLInputElement }) =>
        setSizes({ ...sizes, [name]: currentTarget.value })} /></label>`
  return html`<form class="run" onSubmit=${submit}>
    ${isRehearsal && field('users')}${isRehearsal && field('quantity')}
    <button disabled=${isBusy}>${say.run}</button></form>`
}

type ProgressProps = { run: Run | undefined; language: Language; mayRun: boolean; stop(): void }

function Progress({ run, language, mayRun, stop }: ProgressProps): Html {
  const say = words[language]
  const { step = '', part = null } = run?.progress ?? {}
  const text = step === '' ? say.begins : stepText(step, language)
  return html`<div class="progress">
    ${run && html`<p>${begunText(run, language)}</p>`}
    <progress aria-label=${say.progress} max="1" value=${part}></progress>
    <p role="status">${text}</p>
    ${
      run &&
      mayRun &&
      html`<p class="tools"><button type="button" onClick=${stop}>${say.stop}</button></p>`
    }
  </div>`
}

function begunText({ by, startedAt }: Run, language: Language): string {
  return filled(words[language].begunBy, { by, at: timeText(startedAt, language) })
}

type ReportProps = { run: Run; path: string; language: Language; isRehearsal: boolean }

function Report({ run, path, language, isRehearsal }: ReportProps): Html {
  const say = words[language]
  const { verdict = 'failed', reason, promises = [] } = run.end ?? {}
  const text = verdict === 'kept' ? say.allKept : say[verdict]
  const ended = run.endedAt && filled(say.endedAt, { at: timeText(run.endedAt, language) })
  return html`<div class="report">
    <p role="status" class=${`verdict ${verdict}`}>${text}${
      reason && html`: <${Found} text=${reason} ...${{ language, isRehearsal }} />`
    }</p>
    <p>${begunText(run, language)}${ended ? ` · ${ended}` : ''}</p>
    <ul class="promises">${promises.map(
      (one) => html`<${PromiseLine} key=${one.id}
      promise=${one} ...${{ language, isRehearsal }} />`,
    )}</ul>
    <p class="tools"><a class="button" href=${`${path}/report`} download>${say.download}</a></p>
  </div>`
}

type LineProps = { promise: RunPromise; language: Language; isRehearsal: boolean }

function PromiseLine({ promise, language, isRehearsal }: LineProps): Html {
  const say = words[language]
  const { id, kept, checks, breaches } = promise
  const told = kept === null ? say.notJudged : kept ? say.kept : say.notKept
  const name = Object.hasOwn(say, id) ? say[id as 'I1'] : ''
  const found = (one: string) => html`<${Found} text=${one} ...${{ language, isRehearsal }} />`
  const items = breaches.map((one) => html`<li>${found(one)}</li>`)
  const details = checks.flatMap(({ detail }) => (detail === '' ? [] : [' · ', found(detail)]))
  return html`<li class=${kept === null ? 'open' : kept ? 'kept' : 'broken'}>
    <b>${id}</b> <span>${name}</span> <strong>${told}</strong>
    ${details.length > 0 && html`<small>${details.slice(1)}</small>`}
    ${breaches.length > 0 && html`<ul>${items}</ul>`}
  </li>`
}

type FoundProps = { text: string; language: Language; isRehearsal: boolean }

/** What no table knows, as the text of an error, stays as the service has said it. */
function Found({ text, language, isRehearsal }: FoundProps): Html {
  const korean = () => (isRehearsal ? null : auditInKorean(text)) ?? inKorean(text)
  const said = language === 'ko' ? korean() : null
  return html`<span lang=${said === null ? 'en' : 'ko'}>${said ?? text}</span>`
}
