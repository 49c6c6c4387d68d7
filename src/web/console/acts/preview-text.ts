// What the service says that an act would change, in words. Pure.

import { filled, type Language } from '../../shared/texts.ts'
import type { Status } from '../model.ts'
import { words } from '../words.ts'
import { actWords } from './act-words.ts'
import { timeText } from './times.ts'
import type { ActName, Wish } from './wishes.ts'

export type PreviewBody = {
  changes: readonly { field: string; from: unknown; to: unknown }[]
  /** How many people it touches: see the schema of the preview. */
  people: number
  /** Of a restock: who was told sold out since the last one; null: not known of all nodes. */
  toldSoldOut?: { people: number; isExact: boolean } | null
}
/** `changes`: what is other, as it is and as it would be. */
export type PreviewText = { changes: { name: string; text: string }[]; sentences: string[] }
export type Previewed = { act: ActName; wish: Wish; body: PreviewBody }

export function previewText(previewed: Previewed, language: Language): PreviewText {
  const changes = previewed.body.changes.flatMap(({ field, from, to }) => {
    const shown = shownFields[field]
    if (shown === undefined) return []
    const [name, text] = [shown.name(language), (value: unknown) => shown.text(value, language)]
    return [{ name, text: `${text(from)} → ${text(to)}` }]
  })
  return { changes, sentences: sentencesOf(previewed, language) }
}

/** A revoke changes nothing of the coupon itself. */
export function changesNothing({ act, body }: Previewed): boolean {
  return act === 'revoke' ? body.people === 0 : body.changes.length === 0
}

function sentencesOf(previewed: Previewed, language: Language): string[] {
  const say = actWords[language]
  const { act, wish, body } = previewed
  if (changesNothing(previewed) && act !== 'revoke') return [say.nothing]
  const count = figure(body.people, language)
  const sentence = (text: string) => filled(text, { count })
  switch (act) {
    case 'restock': {
      const wasSoldOut = body.changes.some(({ from }) => from === 'sold_out')
      return [sentence(say.restocked), ...(wasSoldOut ? toldSentences(body, language) : [])]
    }
    case 'pause':
      return [sentence(say.paused)]
    case 'resume':
      return [sentence(say.resumed)]
    case 'close':
      return [sentence(say.closed)]
    case 'edit':
      return [sentence(say.edited)]
    case 'revoke': {
      const { userId } = wish
      const whose = typeof userId === 'string' ? userId : null
      const text = whose === null ? say.revokedAll : say.revokedOne
      return [filled(text, { count, user: whose ?? '' }), say.revokedSpent]
    }
  }
}

function toldSentences({ toldSoldOut }: PreviewBody, language: Language): string[] {
  const say = actWords[language]
  const { people, isExact } = toldSoldOut ?? { people: 0, isExact: true }
  if (people === 0) return [say.toldSoldOut]
  const rounded = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 })
  const count = isExact ? figure(people, language) : rounded.format(people)
  const told = !isExact ? say.toldAbout : people === 1 ? say.toldOne : say.toldMany
  return [filled(told, { count }), say.toldSince]
}

type ShownField = {
  name(language: Language): string
  text(value: unknown, language: Language): string
}

const shownFields: Readonly<Record<string, ShownField>> = {
  name: { name: (language) => actWords[language].name, text: String },
  quantity: { name: (language) => actWords[language].quantity, text: figure },
  remaining: { name: (language) => actWords[language].left, text: figure },
  status: {
    name: (language) => actWords[language].state,
    text: (value, language) => words[language][value as Status],
  },
  opensAt: { name: (language) => actWords[language].opens, text: time },
  closesAt: { name: (language) => actWords[language].closes, text: time },
}

function figure(value: unknown, language: Language): string {
  return new Intl.NumberFormat(language).format(Number(value))
}

function time(value: unknown, language: Language): string {
  return typeof value === 'string' ? timeText(value, language) : actWords[language].never
}

/** What a new coupon would be: nothing is looked up for it. */
export function newCouponText(wish: Wish, language: Language): string {
  const say = actWords[language]
  const { name, quantity, opensAt, closesAt } = wish
  const at = (text: string, value: unknown) => filled(text, { time: time(value, language) })
  return filled(say.created, {
    name: String(name),
    quantity: figure(quantity, language),
    opens: opensAt === undefined ? say.atOnce : at(say.from, opensAt),
    closes: closesAt === undefined ? say.untilClosed : at(say.until, closesAt),
  })
}
