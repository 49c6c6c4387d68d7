// Puts a view into `main`, or into the shadow root of the element: what a view does not have is
// not there, what did not change is not touched, and the sentence is always in one place, where
// screen readers wait for it.

import { filled, type Language } from '../shared/texts.ts'
import { countdown } from './server-clock.ts'
import type { View } from './view.ts'
import { words } from './words.ts'

export type Rendering = {
  show(view: View, language: Language): void
  /** Beside the sentence, until the next one: whether the code was copied. */
  say(word: 'copied' | 'not_copied'): void
  code(): string
  /** For whoever copies it by hand. */
  selectCode(): void
}
type Placed = HTMLParagraphElement | HTMLButtonElement

export function createRendering(
  root: HTMLElement | ShadowRoot,
  { heading, couponId }: { heading: 'h1' | 'h2'; couponId: string },
  onPress: (word: 'get' | 'copy' | 'sign_in_button') => void,
): Rendering {
  const title = element(heading, 'name')
  const status = element('p', 'sentence', 'status')
  const note = element('p', 'note')
  const timer = element('p', 'timer', 'timer')
  const code = element('p', 'code')
  const left = element('p', 'left')
  const button = element('button', 'button')
  button.type = 'button'
  let pressed: NonNullable<View['button']>['word'] = 'get'
  let said: { word: 'copied' | 'not_copied'; of: string } | null = null
  let sentence = ''
  button.addEventListener('click', () => onPress(pressed))
  root.replaceChildren(title, status)

  function place(node: Placed, text: string | undefined): void {
    if (text === undefined) return node.remove()
    setText(node, text)
    if (node.parentNode === root) return
    const order = [note, timer, code, button, left]
    const next = order.slice(order.indexOf(node) + 1).find((one) => one.parentNode === root)
    root.insertBefore(node, next ?? null)
  }

  return {
    show(view, language) {
      const text = words[language]
      const number = new Intl.NumberFormat(language)
      const { slot = 0, opensAt, waitMs, left: leftOver, button: pressable } = view
      const when = opensAt === undefined ? '' : dateText(opensAt, language)
      sentence = filled(text[view.word], { when, slot: number.format(slot) })
      if (said?.of !== sentence) said = null
      const host = root instanceof ShadowRoot ? root.host : root
      host.setAttribute('data-state', view.word)
      // Who was sent here by a wrong link reads which.
      setText(title, view.name ?? (view.word === 'unknown' ? couponId : '\u00a0'))
      setText(status, said ? `${sentence} ${text[said.word]}` : sentence)
      place(note, view.isAway ? text.away : undefined)
      place(timer, waitMs === undefined || waitMs <= 0 ? undefined : timeText(waitMs, text.days))
      place(code, view.code && groups(view.code))
      place(
        left,
        leftOver === undefined ? undefined : filled(text.left, { left: number.format(leftOver) }),
      )
      place(button, pressable && text[pressable.word])
      pressed = pressable?.word ?? 'get'
      button.disabled = !pressable?.isEnabled
    },
    say(word) {
      said = { word, of: sentence }
    },
    code: () => code.textContent ?? '',
    selectCode() {
      const range = document.createRange()
      range.selectNodeContents(code)
      const selection = getSelection()
      selection?.removeAllRanges()
      selection?.addRange(range)
    },
  }
}

function element<Name extends 'p' | 'button' | 'h1' | 'h2'>(name: Name, part: string, role = '') {
  const made = document.createElement(name)
  made.className = part
  if (role !== '') made.setAttribute('role', role)
  return made
}

function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

function dateText(at: number, language: Language): string {
  const style = { dateStyle: 'medium', timeStyle: 'short' } as const
  return new Intl.DateTimeFormat(language, style).format(at)
}

function timeText(ms: number, days: string): string {
  const { days: whole, time } = countdown(ms)
  return whole > 0 ? filled(days, { days: String(whole), time }) : time
}

/** As it is, where it has groups already. */
function groups(code: string): string {
  return code.includes('-') ? code : (code.match(/.{1,4}/g) ?? []).join('-')
}
