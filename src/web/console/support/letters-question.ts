// The question before dead letters are tried again or given up: it counts them, and what is done is
// done about those that it has counted, whatever comes meanwhile.

import { useEffect, useState } from 'preact/hooks'
import { after } from '../../shared/browser.ts'
import { isForNow } from '../../shared/for-now.ts'
import { filled, type Language } from '../../shared/texts.ts'
import { Buttons, Dialog } from '../acts/dialog.ts'
import { type Html, html } from '../html.ts'
import { answerTo, refusalOf, withQuery } from './asking.ts'
import { words } from './words.ts'

export type LetterAct = 'redrive' | 'discard'
type LetterSet = { consumer: string; reason: string } | { deadLetterId: string }
type QuestionParts = {
  act: LetterAct
  of: LetterSet
  language: Language
  signedOut(): void
  closed(): void
}
type Letter = { deadLetterId: string; redrivable: boolean }
type LettersPage = { deadLetters: readonly Letter[]; next?: string }
/** `isCut`: there were more than one question takes. */
type Counted = { ids: readonly string[]; notRedrivable: number; isCut: boolean }
type Told = { done: number; carriedOut: number; isOver: boolean }

/** Of one question: as many as are done within a minute or two. */
const lettersMax = 1_000
/** Of one call, as the service takes them. */
const listedAtOnce = 200
const doneAtOnce = 100
const againMs = 2_000

export function LettersQuestion({ closed, ...parts }: QuestionParts): Html {
  const say = words[parts.language]
  return html`<${Dialog} title=${say[parts.act]} closed=${closed}>
    <${Question} ...${parts} /></${Dialog}>`
}

/** What stands in the dialog, of one letter or of a group of them. */
export function Question({ act, of, language, signedOut }: Omit<QuestionParts, 'closed'>): Html {
  const say = words[language]
  const [counted, setCounted] = useState<Counted | null>(null)
  const [isAsked, setIsAsked] = useState(false)
  const [told, setTold] = useState<Told>({ done: 0, carriedOut: 0, isOver: false })
  const [refusal, setRefusal] = useState('')
  const fault = (status: number, text: string) => (status === 401 ? signedOut() : setRefusal(text))
  useEffect(() => start((calls) => count({ act, of, calls }, setCounted), { language, fault }), [])
  useEffect(() => {
    if (!isAsked || counted === null) return
    const { ids } = counted
    return start((calls) => carryOut({ act, ids, calls }, setTold), { language, fault })
  }, [isAsked])
  const figure = (value: number) => new Intl.NumberFormat(language).format(value)
  const ids = counted?.ids ?? []
  if (told.isOver) return html`<${Told} ...${{ act, told, all: ids.length, language }} />`
  function submit(event: SubmitEvent): void {
    event.preventDefault()
    setIsAsked(true)
  }
  const question = act === 'redrive' ? say.redriveQuestion : say.discardQuestion
  const isReady = ids.length > 0 && !isAsked
  const left = counted?.notRedrivable ?? 0
  const asked = counted ? filled(question, { count: figure(ids.length) }) : say.counting
  const progress = { done: figure(told.carriedOut), count: figure(ids.length) }
  return html`<form onSubmit=${submit}>
    <p class="preview">${asked}</p>
    ${'reason' in of && html`<p>${of.consumer}: ${of.reason}</p>`}
    ${counted?.isCut && html`<p>${say.firstOnly}</p>`}
    ${left > 0 && html`<p>${filled(say.notRedrivable, { count: figure(left) })}</p>`}
    <p role="status">${isAsked ? filled(say.working, progress) : ''} ${refusal}</p>
    <${Buttons} act=${say[act]} isReady=${isReady} isFinal=${act === 'discard'}
      language=${language} /></form>`
}

type ToldParts = { act: LetterAct; told: Told; all: number; language: Language }

function Told({ act, told, all, language }: ToldParts): Html {
  const say = words[language]
  const figure = (value: number) => new Intl.NumberFormat(language).format(value)
  const text = act === 'redrive' ? say.redriven : say.discarded
  const left = all - told.done
  return html`<form method="dialog"><div class="record" role="status">
      <p>${filled(text, { count: figure(told.done) })}</p>
      ${left > 0 && html`<p>${filled(say.notDone, { count: figure(left) })}</p>`}</div>
    <div class="buttons"><button class="main" autofocus>${say.done}</button></div></form>`
}

/** `isAgain`: an earlier answer was lost, or said that not all was done. */
type Called = { answered: object; isAgain: boolean }
type Calls = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Called | null>
type CallsParts = { language: Language; fault(status: number, text: string): void }

/** Calls that are made until the service has carried them out. Returns what ends them. */
function start(run: (calls: Calls) => Promise<void>, { language, fault }: CallsParts): () => void {
  let isOver = false
  const calls: Calls = async (method, path, body) => {
    for (let isAgain = false; !isOver; isAgain = true) {
      const answer = await answerTo(method, path, body)
      if (isOver) break
      const status = answer?.status ?? 0
      fault(status, status === 200 || status === 202 ? '' : refusalOf(answer, language))
      if (answer?.status === 200) return { answered: answer.body, isAgain }
      if (status >= 400 && !isForNow(status)) break
      await new Promise<void>((resolve) => after(againMs, resolve))
    }
    return null
  }
  void run(calls)
  return () => {
    isOver = true
  }
}

type Counting = { act: LetterAct; of: LetterSet; calls: Calls }

async function count({ act, of, calls }: Counting, tell: (counted: Counted) => void) {
  if ('deadLetterId' in of) {
    return tell({ ids: [of.deadLetterId], notRedrivable: 0, isCut: false })
  }
  const letters: Letter[] = []
  let next: string | undefined
  do {
    const { consumer, reason } = of
    const asked = { status: 'waiting', consumer, reason, limit: listedAtOnce, after: next }
    const called = await calls('GET', withQuery('/dead-letters', asked))
    if (called === null) return
    const page = called.answered as LettersPage
    letters.push(...page.deadLetters)
    next = page.next
  } while (next !== undefined && letters.length < lettersMax)
  const fitting = letters.filter(({ redrivable }) => act === 'discard' || redrivable)
  const ids = fitting.map(({ deadLetterId }) => deadLetterId)
  tell({ ids, notRedrivable: letters.length - ids.length, isCut: next !== undefined })
}

type Counts = { redriven?: number; discarded?: number; unchanged: number }
type Carried = { act: LetterAct; ids: readonly string[]; calls: Calls }

async function carryOut({ act, ids, calls }: Carried, tell: (told: Told) => void): Promise<void> {
  let done = 0
  for (let at = 0; at < ids.length; at += doneAtOnce) {
    const some = ids.slice(at, at + doneAtOnce)
    const called = await calls('POST', `/dead-letters/${act}`, { ids: some })
    if (called === null) return
    const { redriven = 0, discarded = 0, unchanged } = called.answered as Counts
    done += act === 'redrive' ? redriven : discarded
    if (called.isAgain) done += unchanged
    const carriedOut = at + some.length
    tell({ done, carriedOut, isOver: carriedOut === ids.length })
  }
}
