// Which language a client prefers, of those that are spoken here.

import type { IncomingHttpHeaders } from 'node:http'
import Negotiator from 'negotiator'

export type Language = 'en' | 'ko'
/** In both: nothing can be told in one alone. */
export type Said = Readonly<Record<Language, string>>
const spoken: Language[] = ['en', 'ko']

export function said(en: string, ko: string): Said {
  return { en, ko }
}

export function languageOf(headers: IncomingHttpHeaders): Language {
  const accepted = headers['accept-language']
  // Most clients say nothing of it, and refusals are many.
  if (accepted === undefined || !accepted.includes('ko')) return 'en'
  return (new Negotiator({ headers }).language(spoken) as Language | undefined) ?? 'en'
}
