// What a check came to, as parts of the page: what is proved and what is not, or what is wrong.

import type { LeafOutcome } from '../../domain/proof/read-leaf.ts'
import { inWords, type Told } from '../../domain/proof/told.ts'
import { formatInstant } from '../../domain/time.ts'
import { filled, type Language } from '../shared/texts.ts'
import { element } from './element.ts'
import type { Held, Outcome, Place, Proved, SaleFacts } from './outcome.ts'
import { toldKorean } from './told-korean.ts'
import { type Word, words } from './words.ts'

type Say = (word: Word, values?: Readonly<Record<string, string | number>>) => string

/** The one sentence. */
export function verdictOf(outcome: Outcome): Word {
  switch (outcome.kind) {
    case 'holds':
      return outcome.proved.isSignatureChecked ? 'holds' : 'holdsUnsigned'
    case 'goesOn':
      return outcome.held.isSignatureChecked ? 'goesOn' : 'goesOnUnsigned'
    default:
      return outcome.kind
  }
}

/** All that stands below it. */
export function resultParts(outcome: Outcome, language: Language): HTMLElement[] {
  const say = sayIn(language)
  const tell = (told: Told) => inWords(told, language === 'ko' ? toldKorean : undefined)
  switch (outcome.kind) {
    case 'failed':
      return [element('p', {}, say(outcome.word, { status: outcome.status }))]
    case 'wrong': {
      const { faults, leftOut, note } = outcome
      const told = faults.map(tell)
      if (leftOut > 0) told.push(say('leftOut', { count: leftOut }))
      const keep = note === null ? [] : [element('p', {}, say('keepIt'))]
      return [part(say('found'), told, 'faults'), ...keep]
    }
    case 'goesOn':
      return [
        part(say('proved'), heldTexts(outcome.held, say)),
        part(say('notProved'), [say('notFollowed'), say('splitView'), say('thisPage')]),
      ]
    case 'holds': {
      const { proved } = outcome
      const { sale, place } = proved
      const acts = sale.acts.map(tell)
      if (sale.actsLeftOut > 0) acts.push(say('actsLeftOut', { count: sale.actsLeftOut }))
      return [
        ...(place === null ? [] : [part(say('place'), placeTexts(place, sale, say))]),
        part(say('proved'), provedTexts(proved, say)),
        part(say('acts'), acts, 'acts'),
        part(say('notProved'), notProvedTexts(sale, say)),
      ]
    }
  }
}

function sayIn(language: Language): Say {
  const number = new Intl.NumberFormat(language)
  return (word, values = {}) => {
    const texts = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? number.format(value) : value,
    ])
    return filled(words[language][word], Object.fromEntries(texts))
  }
}

function part(title: string, texts: readonly string[], name = ''): HTMLElement {
  const items = texts.map((text) => element('li', {}, text))
  return element(
    'section',
    { class: `part ${name}` },
    element('h2', {}, title),
    element('ul', {}, ...items),
  )
}

function provedTexts(proved: Proved, say: Say): string[] {
  const { size, root, key, isOwnKey, isSignatureChecked, others, sale } = proved
  const status = sale.paused && sale.status === 'open' ? 'paused' : sale.status
  return [
    say('entries', { size, root }),
    say(isSignatureChecked ? 'signed' : 'unsigned', { key }),
    say(isOwnKey ? 'ownKey' : 'givenKey'),
    ...(others > 0 ? [say('others', { count: others })] : []),
    say('winners', { issued: sale.issued, quantity: sale.quantity }),
    say('state', { status: say(status), at: formatInstant(sale.at) }),
    say('claims', { claims: claimsText(sale, say) }),
    ...(sale.ignored > 0 ? [say('ignored', { count: sale.ignored })] : []),
  ]
}

function heldTexts({ size, now, key, isOwnKey, isSignatureChecked }: Held, say: Say): string[] {
  return [
    size === now ? say('sameTree', { size }) : say('begins', { size, now }),
    say(isSignatureChecked ? 'signed' : 'unsigned', { key }),
    say(isOwnKey ? 'ownKey' : 'givenKey'),
  ]
}

const outcomeWords: Readonly<Record<LeafOutcome, Word>> = {
  issued: 'issued',
  already_issued: 'already_issued',
  closed: 'told_closed',
  not_open: 'not_open',
  paused: 'told_paused',
  not_eligible: 'not_eligible',
  sold_out: 'sold_out',
}

function claimsText({ claims }: SaleFacts, say: Say): string {
  const told = Object.entries(claims).filter(([, count]) => count > 0)
  const texts = told.map(([outcome, count]) => say(outcomeWords[outcome as LeafOutcome], { count }))
  return texts.join(', ') || say('none')
}

function placeTexts(place: Place, sale: SaleFacts, say: Say): string[] {
  const { userId, who, size, claims, slot } = place
  const texts = [say('ofThisTree', { user: userId, size }), say('who', { who })]
  if (claims.length === 0) {
    texts.push(say('noClaims'))
    if (sale.status === 'closed') texts.push(say('isClosed'))
    else if (sale.issued >= sale.quantity) texts.push(say('allGone'))
    return texts
  }
  const own = claims.map(({ n, outcome }) => say(outcomeWords[outcome], { count: `#${n}` }))
  return [
    ...texts,
    say('ownClaims', { claims: own.join(', ') }),
    slot === null ? say('noSlot') : say('slot', { slot }),
  ]
}

function notProvedTexts({ hasAudience }: SaleFacts, say: Say): string[] {
  const always = ['twoAccounts', 'beforeLog', 'clock', 'splitView', 'thisPage'] as const
  return [...always.map((word) => say(word)), ...(hasAudience ? [say('audience')] : [])]
}
