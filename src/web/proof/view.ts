// The page as it stands: what it is for, the form, one sentence on how far the check is or what it
// came to, and below that all that it found.

import { filled, type Language } from '../shared/texts.ts'
import { element, setText } from './element.ts'
import type { Form } from './form.ts'
import type { Outcome } from './outcome.ts'
import { resultParts, verdictOf } from './result.ts'
import { type Word, words } from './words.ts'

export type State =
  | { kind: 'said'; word: Word; status?: string }
  | { kind: 'running'; taken: number; size: number }
  | { kind: 'done'; outcome: Outcome }
export type View = { show(state: State, language: Language): void; offerReceipt(): void }
export type ViewParts = {
  form: Form
  saveCheckpoint(): void
  saveSale(): void
  saveReceipt(): void
}

export function createView(main: HTMLElement, parts: ViewParts): View {
  const { form } = parts
  const title = element('p', { class: 'title' })
  const lead = element('p', { class: 'lead' })
  const sentence = element('p', { role: 'status', class: 'verdict' })
  const bar = element('progress', { max: '1', value: '0' })
  const save = hiddenButton(parts.saveCheckpoint)
  const saveSale = hiddenButton(parts.saveSale)
  const saveReceipt = hiddenButton(parts.saveReceipt)
  const found = element('div')
  main.prepend(title)
  main.append(lead, form.root, saveReceipt)
  const saving = element('div', { class: 'row' }, save, saveSale)
  main.append(element('div', { class: 'result' }, sentence, bar, saving, found))
  return {
    offerReceipt() {
      saveReceipt.hidden = false
    },
    show(state, language) {
      const text = words[language]
      const outcome = state.kind === 'done' ? state.outcome : null
      main.dataset.state = outcome === null ? state.kind : verdictOf(outcome)
      setText(title, text.title)
      setText(lead, text.lead)
      setText(sentence, sentenceOf(state, language))
      bar.hidden = state.kind !== 'running'
      bar.setAttribute('aria-label', text.check)
      if (state.kind === 'running') bar.value = state.size === 0 ? 0 : state.taken / state.size
      save.hidden = noteOf(state) === null
      setText(save, text.saveCheckpoint)
      // What was only compared was not read.
      saveSale.hidden = save.hidden || outcome?.kind === 'goesOn'
      setText(saveSale, text.saveSale)
      setText(saveReceipt, text.saveReceipt)
      found.replaceChildren(...(outcome === null ? [] : resultParts(outcome, language)))
      form.setRunning(state.kind === 'running')
      form.say(text)
    },
  }
}

function hiddenButton(press: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', hidden: '' })
  made.addEventListener('click', press)
  return made
}

function sentenceOf(state: State, language: Language): string {
  const text = words[language]
  if (state.kind === 'said') return filled(text[state.word], { status: state.status ?? '' })
  if (state.kind === 'done') return text[verdictOf(state.outcome)]
  if (state.size === 0) return text.begun
  const number = new Intl.NumberFormat(language)
  const [taken, size] = [number.format(state.taken), number.format(state.size)]
  return filled(text.progress, { taken, size })
}

/** What the service has signed, whatever came of it. */
export function noteOf(state: State): string | null {
  if (state.kind !== 'done' || state.outcome.kind === 'failed') return null
  return state.outcome.note
}
