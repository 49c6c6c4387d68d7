// The parts of the console beside the sale itself, each behind a link whose fragment is its name:
// one can be linked to, and the browser's own way back works.

import { useEffect, useState } from 'preact/hooks'
import type { Language } from '../shared/texts.ts'
import { TimeLine } from './acts/time-line.ts'
import { type Html, html } from './html.ts'
import type { PartProps } from './part-props.ts'
import { Audit, Rehearsal } from './runs/runs.ts'
import { DeadLetters } from './support/dead-letters.ts'
import { Orders } from './support/orders.ts'
import { Winners } from './support/winners.ts'
import { words } from './words.ts'

type PartName = keyof typeof partsByName

/** In the order of their links. */
const partsByName = {
  timeLine: TimeLine,
  winners: Winners,
  orders: Orders,
  deadLetters: DeadLetters,
  rehearsal: Rehearsal,
  audit: Audit,
} as const

/** null: the sale with its charts. */
export function usePart(): PartName | null {
  const [part, setPart] = useState(partOfAddress)
  useEffect(() => {
    const changed = () => setPart(partOfAddress())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return part
}

function partOfAddress(): PartName | null {
  const name = location.hash.slice(1)
  return Object.hasOwn(partsByName, name) ? (name as PartName) : null
}

export function PartLinks({ part, language }: { part: PartName | null; language: Language }): Html {
  const say = words[language]
  const link = (name: PartName | null, text: string) => html`<li><a href=${`#${name ?? ''}`}
      aria-current=${name === part ? 'page' : null}>${text}</a></li>`
  const names = Object.keys(partsByName) as PartName[]
  return html`<nav class="part-links" aria-label=${say.parts}><ul>
    ${link(null, say.overview)}${names.map((name) => link(name, say[name]))}</ul></nav>`
}

export function Part({ part, ...props }: { part: PartName } & PartProps): Html {
  return html`<section class="part"><h2>${words[props.language][part]}</h2>
    <${partsByName[part]} ...${props} /></section>`
}
