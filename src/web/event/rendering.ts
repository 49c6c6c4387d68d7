// Puts a view into `main`, or into the shadow root of the element: what a view does not have is
// not there, what did not change is not touched, and the sentence is always in one place, where
// screen readers wait for it.

import type { Language } from '../shared/texts.ts'
import { countdown } from './server-clock.ts'
import type { View } from './view.ts'
import { saying } from './words.ts'

export type Rendering = {
  show(view: View, language: Language): void
  /** Beside the sentence, until the next one. */
  say(word: 'copied' | 'not_copied'): void
  code: HTMLElement
}

export function createRendering(
  root: HTMLElement | ShadowRoot,
  { heading, couponId }: { heading: 'h1' | 'h2'; couponId: string },
  onPress: (word: View['button']) => void,
): Rendering {
  const title = element(heading, 'name')
  const status = element('p', 'sentence', 'status')
  const note = element('p', 'note')
  const timer = element('p', 'timer', 'timer')
  const code = element('p', 'code')
  const left = element('p', 'left')
  const button = element('button', 'button')
  let pressed: View['button']
  let said: 'copied' | 'not_copied' | undefined
  let sentence: string
  button.type = 'button'
  button.addEventListener('click', () => onPress(pressed))
  root.replaceChildren(title, status)

  return {
    code,
    say(word) {
      said = word
    },
    show(view, language) {
      const { word, slot, opensAt, waitMs } = view
      const before = sentence
      const value = word === 'won' ? slot.toLocaleString(language) : dateText(opensAt, language)
      sentence = view.sentence ?? saying(word, language, value)
      if (sentence !== before) said = undefined
      // Who was sent here by a wrong link reads which.
      setText(title, view.name ?? (word === 'unknown' ? couponId : '\u00a0'))
      setText(status, said ? `${sentence} ${saying(said, language)}` : sentence)
      pressed = view.button
      button.disabled = view.disabled
      let last: Element = status
      const place = (node: HTMLElement, text: string | false | undefined): void => {
        if (!text) return node.remove()
        setText(node, text)
        if (last.nextSibling !== node) root.insertBefore(node, last.nextSibling)
        last = node
      }
      place(note, view.code && view.isAway && saying('away', language))
      place(timer, waitMs > 0 && countdown(waitMs, saying('days', language)))
      // As it is, where it has groups already.
      place(
        code,
        view.code?.replace(/^[^-]+$/, (all) => all.replace(/.{4}(?=.)/g, '$&-')),
      )
      place(button, pressed && saying(pressed, language))
      const count = view.left?.toLocaleString(language)
      place(left, count && saying('left', language, count))
    },
  }
}

function element<Name extends 'p' | 'button' | 'h1' | 'h2'>(name: Name, part: string, role = '') {
  const made = document.createElement(name)
  made.className = part
  if (role) made.setAttribute('role', role)
  return made
}

function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

function dateText(at: number, language: Language): string {
  return new Date(at).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
}
