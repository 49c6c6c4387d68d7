// Dead letters: how many wait and why comes first, then those of one group, then one of them whole.
// Operators try them again or give them up, after a question that counts them.

import { useState } from 'preact/hooks'
import type { Language } from '../../shared/texts.ts'
import { type Html, html } from '../html.ts'
import type { PartProps } from '../part-props.ts'
import { useAnswer, withQuery } from './asking.ts'
import { Moment, Pager } from './finding.ts'
import { LetterDialog } from './letter-dialog.ts'
import { type LetterAct, LettersQuestion } from './letters-question.ts'
import { words } from './words.ts'

type Group = { consumer: string; reason: string; count: number; redrivable: number }
type Groups = { groups: readonly Group[]; more: boolean }
type Letter = { deadLetterId: string; key: string; buriedAt: string }
type LettersPage = { deadLetters: readonly Letter[]; next?: string }
type Opened = { act: LetterAct; of: Group } | { deadLetterId: string }

const lettersShown = 20

export function DeadLetters({ language, model, session, signedOut }: PartProps): Html {
  const say = words[language]
  const [chosen, setChosen] = useState('')
  const [opened, setOpened] = useState<Opened | null>(null)
  const [acts, setActs] = useState(0)
  // Asked for again after each act, and when others wait than did.
  const times = `${acts} ${model.lettersWaiting ?? ''}`
  const parts = { language, signedOut }
  const { body, refusal } = useAnswer<Groups>({ path: '/dead-letters/groups', times, ...parts })
  const groups = body?.groups ?? []
  const group = groups.find((one) => nameOf(one) === chosen) ?? groups[0]
  const mayAct = session.scope === 'operator'
  const closed = () => {
    setOpened(null)
    setActs(acts + 1)
  }
  return html`<p role="status">${refusal}${body && groups.length === 0 ? say.noLetters : ''}</p>
    ${
      group &&
      html`<${GroupList} ...${{ groups, group, language }} choose=${setChosen} />
      ${body?.more && html`<p>${say.moreLetters}</p>`}
      ${mayAct && html`<${ActButtons} language=${language} group=${group} open=${setOpened} />`}
      <${LetterList} key=${nameOf(group)} ...${{ group, times, ...parts }} open=${setOpened} />`
    }${
      opened &&
      ('act' in opened
        ? html`<${LettersQuestion} ...${{ ...opened, ...parts, closed }} />`
        : html`<${LetterDialog} ...${{ ...opened, ...parts, mayAct, closed }} />`)
    }`
}

const nameOf = ({ consumer, reason }: Group) => `${consumer} ${reason}`

type GroupListParts = {
  groups: readonly Group[]
  group: Group
  language: Language
  choose(name: string): void
}

function GroupList({ groups, group, language, choose }: GroupListParts): Html {
  const figure = new Intl.NumberFormat(language)
  const items = groups.map((one) => {
    const name = nameOf(one)
    return html`<label key=${name}><input type="radio" name="group"
        checked=${one === group} onChange=${() => choose(name)} />
      <b class="number">${figure.format(one.count)}</b>
      <span>${one.consumer}</span> <span class="why">${one.reason}</span></label>`
  })
  return html`<fieldset class="groups"><legend>${words[language].groups}</legend>
    ${items}</fieldset>`
}

type OpenParts = { language: Language; group: Group; open(opened: Opened): void }

function ActButtons({ language, group, open }: OpenParts): Html {
  const { redrive, discard } = words[language]
  const button = (act: LetterAct, text: string) =>
    html`<button type="button" onClick=${() => open({ act, of: group })}>${text}</button>`
  return html`<p class="tools">${group.redrivable > 0 && button('redrive', redrive)}
    ${button('discard', discard)}</p>`
}

type LetterListParts = OpenParts & { times: string; signedOut(): void }

function LetterList({ language, group, open, times, signedOut }: LetterListParts): Html {
  const say = words[language]
  const [afters, setAfters] = useState<readonly string[]>([])
  const { consumer, reason } = group
  const asked = { status: 'waiting', consumer, reason, limit: lettersShown, after: afters.at(-1) }
  const path = withQuery('/dead-letters', asked)
  const { body, refusal } = useAnswer<LettersPage>({ path, times, language, signedOut })
  const next = body?.next
  const goOn = next === undefined ? undefined : () => setAfters([...afters, next])
  const goBack = afters.length === 0 ? undefined : () => setAfters(afters.slice(0, -1))
  const items = body?.deadLetters.map(
    ({ deadLetterId, key, buriedAt }) => html`<li key=${deadLetterId}>
      <button type="button" onClick=${() => open({ deadLetterId })}>${deadLetterId}</button>
      <code>${key}</code> <small><${Moment} at=${buriedAt} language=${language} /></small></li>`,
  )
  return html`<h3>${say.lettersOfGroup}</h3><p role="status">${refusal}</p>
    <ul class="letters">${items}</ul>
    <${Pager} language=${language} previous=${goBack} next=${goOn} />`
}
