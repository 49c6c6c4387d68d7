// What several parts have in common: the field by which something is found, users who are hidden
// until somebody asks for them, the way from page to page, and moments as people read them.

import type { Language } from '../../shared/texts.ts'
import { timeText } from '../acts/times.ts'
import { type Html, html } from '../html.ts'
import { words } from './words.ts'

/** The longest user, of 128 characters of two units. */
const charactersMax = 256

type FindParts = {
  language: Language
  label: string
  hint: string
  find(text: string): void
}

export function FindForm({ language, label, hint, find }: FindParts): Html {
  function submit(event: SubmitEvent): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    find((form.elements.namedItem('find') as HTMLInputElement).value.trim())
  }
  return html`<form class="find" role="search" onSubmit=${submit}>
    <label for="find">${label}</label>
    <input id="find" name="find" type="search" autocomplete="off" spellcheck=${false}
      maxlength=${charactersMax} aria-describedby="find-hint" />
    <button type="submit">${words[language].find}</button>
    <p id="find-hint">${hint}</p></form>`
}

type UsersButtonParts = { language: Language; areShown: boolean; show(areShown: boolean): void }

export function UsersButton({ language, areShown, show }: UsersButtonParts): Html {
  const { showUsers, hideUsers } = words[language]
  return html`<button type="button" onClick=${() => show(!areShown)}>
    ${areShown ? hideUsers : showUsers}</button>`
}

/** Enough to tell two from each other at a glance, too little to know either. */
export function userText(userId: string, areShown: boolean): string {
  if (areShown) return userId
  const [first = ''] = userId
  return userId.length > 3 ? `${first}•••` : '•••'
}

type PagerParts = {
  language: Language
  /** Absent: there is none. */
  previous: (() => void) | undefined
  next: (() => void) | undefined
}

export function Pager({ language, previous, next }: PagerParts): Html {
  const say = words[language]
  const button = (goTo: (() => void) | undefined, text: string) =>
    goTo && html`<button type="button" onClick=${goTo}>${text}</button>`
  return html`<p class="tools">${button(previous, say.previous)}${button(next, say.next)}</p>`
}

export function Moment({ at, language }: { at: string; language: Language }): Html {
  return html`<time datetime=${at}>${timeText(at, language)}</time>`
}
