// What somebody gives to a check: a receipt or a checkpoint that was saved, as text or as a file,
// and a key that is trusted.

import { element, setText } from './element.ts'
import type { Word, Words } from './words.ts'

export type Form = {
  root: HTMLElement
  receipt(): string
  saved(): string
  key(): string
  setReceipt(text: string): void
  setRunning(isRunning: boolean): void
  say(words: Words): void
}
export type FormParts = {
  check(): void
  compare(): void
  stop(): void
  /** Absent: whose page this is is not known here. */
  fetchReceipt?: (() => void) | undefined
}

/** A receipt or a checkpoint has a few kilobytes. */
const fileBytesMax = 4 * 1024 * 1024

export function createForm({ check, compare, stop, fetchReceipt }: FormParts): Form {
  const labels: [node: HTMLElement, word: Word][] = []
  const labelled = <Made extends HTMLElement>(node: Made, word: Word): Made => {
    labels.push([node, word])
    return node
  }
  const button = (word: Word, press: () => void, look = 'quiet') => {
    const made = labelled(element('button', { type: 'button', class: look }), word)
    made.addEventListener('click', press)
    return made
  }
  const hint = (id: string, word: Word) => labelled(element('p', { id, class: 'hint' }), word)
  const label = (id: string, word: Word) => labelled(element('label', { for: id }), word)
  const receipt = textArea('receipt')
  const saved = textArea('saved')
  const key = element('input', { ...plain, id: 'key', 'aria-describedby': 'key-hint' })
  const file = fileInto(receipt, { id: 'file', accept: '.json,application/json' })
  const savedFile = fileInto(saved, { id: 'saved-file', accept: '.txt,text/plain' })
  const start = button('check', check, 'first')
  const comparing = button('compare', compare)
  const end = button('stop', stop)
  const fetching = fetchReceipt === undefined ? [] : [button('fetchReceipt', fetchReceipt)]
  end.hidden = true
  const root = element(
    'form',
    {},
    label('receipt', 'receipt'),
    receipt,
    hint('receipt-hint', 'receiptHint'),
    element('div', { class: 'row' }, label('file', 'file'), file, ...fetching),
    label('key', 'key'),
    key,
    hint('key-hint', 'keyHint'),
    element('div', { class: 'row' }, start, end),
    label('saved', 'saved'),
    saved,
    hint('saved-hint', 'savedHint'),
    element('div', { class: 'row' }, label('saved-file', 'savedFile'), savedFile, comparing),
  )
  root.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!start.disabled) check()
  })
  return {
    root,
    receipt: () => receipt.value,
    saved: () => saved.value,
    key: () => key.value,
    setReceipt(text) {
      receipt.value = text
    },
    setRunning(isRunning) {
      start.disabled = isRunning
      comparing.disabled = isRunning
      end.hidden = !isRunning
    },
    say(words) {
      for (const [node, word] of labels) setText(node, words[word])
    },
  }
}

const plain = { autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' }

function textArea(id: string): HTMLTextAreaElement {
  return element('textarea', { ...plain, id, rows: '4', 'aria-describedby': `${id}-hint` })
}

/** A file whose text goes into another element. */
function fileInto(into: HTMLTextAreaElement, attributes: { id: string; accept: string }) {
  const file = element('input', { ...attributes, type: 'file' })
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? []
    if (chosen === undefined || chosen.size > fileBytesMax) return
    void chosen.text().then((text) => {
      into.value = text
    })
  })
  return file
}
