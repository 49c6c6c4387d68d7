// The lights: what is well, what is not, and what to do about it, in a sentence each.

import { filled, type Language } from '../shared/texts.ts'
import { type Html, html } from './html.ts'
import { type Model, turnedAway } from './model.ts'
import { words } from './words.ts'

type Light = { colour: 'green' | 'amber' | 'red'; text: string }

const clockMsMax = 5_000
/** Of calls that were turned away. */
const shareMany = 0.05

export function Lights({ model, language }: { model: Model; language: Language }): Html {
  const marks = { green: '●', amber: '▲', red: '■' }
  const items = lightsOf(model, language).map(
    ({ colour, text }) =>
      html`<li class=${colour}><span aria-hidden="true">${marks[colour]}</span>${text}</li>`,
  )
  return html`<ul class="lights" aria-label=${words[language].lights}>${items}</ul>`
}

export function lightsOf(model: Model, language: Language): Light[] {
  const say = words[language]
  const { nodes, log, database, gate, lettersWaiting, clockDifferenceMs } = model
  const light = (colour: Light['colour'], text: string): Light => ({ colour, text })
  const share = turnedAway(model.seconds)
  const clockIsWell = Math.abs(clockDifferenceMs) < clockMsMax
  const seconds = (clockDifferenceMs / 1_000).toFixed(1)
  return [
    nodesLight(nodes, language),
    log.length === 0
      ? light('green', say.logWell)
      : light('red', filled(say.logWrong, { reasons: log.join('; ') })),
    database === 'up' ? light('green', say.databaseUp) : light('red', say.databaseAway),
    ...(gate === 'none' ? [] : [gateLight(gate, language)]),
    ...(lettersWaiting === null ? [] : [lettersLight(lettersWaiting, language)]),
    share === 0
      ? light('green', say.answersWell)
      : light(
          share < shareMany ? 'amber' : 'red',
          filled(say.answersRefused, { share: percent(share, language) }),
        ),
    clockIsWell
      ? light('green', say.clockWell)
      : light('amber', filled(say.clockWrong, { seconds })),
  ]
}

function nodesLight(nodes: Model['nodes'], language: Language): Light {
  const say = words[language]
  if (nodes === null) return { colour: 'amber', text: say.nodesUnknown }
  const { alive, known } = nodes
  const text = filled(say.nodes, { alive: String(alive), known: String(known) })
  return alive < known
    ? { colour: 'amber', text: `${text}. ${say.nodesMissing}` }
    : { colour: 'green', text }
}

function gateLight(gate: 'here' | 'away', language: Language): Light {
  const { gateHere, gateAway } = words[language]
  return gate === 'here' ? { colour: 'green', text: gateHere } : { colour: 'amber', text: gateAway }
}

function lettersLight(count: number, language: Language): Light {
  const { letters, lettersNone } = words[language]
  if (count === 0) return { colour: 'green', text: lettersNone }
  const shown = new Intl.NumberFormat(language).format(count)
  return { colour: 'amber', text: filled(letters, { count: shown }) }
}

function percent(share: number, language: Language): string {
  const style = { style: 'percent', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(language, style).format(share)
}
