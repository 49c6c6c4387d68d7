// What a part of the console asks the service for, and shows: asked again by itself while nobody
// answers, so that it is right again when the service is back.

import { useEffect, useState } from 'preact/hooks'
import { after } from '../../shared/browser.ts'
import { isForNow } from '../../shared/for-now.ts'
import type { Language } from '../../shared/texts.ts'
import { type Answered, call, detailOf } from '../session.ts'
import { words } from './words.ts'

/** `body`: null while there is none yet; `refusal`: why not, in words; `status`: 0, no answer. */
type Found<Body> = { body: Body | null; refusal: string; status: number }
type Asking = {
  /** null asks for nothing. */
  path: string | null
  /** Another value asks again. */
  times?: number | string
  /** It may change by itself: then it is asked for again so often. */
  everyMs?: number | null
  language: Language
  signedOut(): void
}

const againMs = 2_000

export function useAnswer<Body>(asking: Asking): Found<Body> {
  const { path, times = 0, everyMs = null, language, signedOut } = asking
  const [found, setFound] = useState<Found<Body> & { path: string | null }>(nothing)
  useEffect(() => {
    let isOver = false
    let cancel = () => {}
    async function ask(asked: string): Promise<void> {
      const answer = await answerTo('GET', asked)
      if (isOver) return
      if (answer?.status === 401) return signedOut()
      const isWell = answer?.status === 200
      const refusal = isWell ? '' : refusalOf(answer, language)
      const status = answer?.status ?? 0
      const isAway = status === 0 || isForNow(status)
      setFound((before) => {
        // What was seen stays while it cannot be asked for again.
        const kept = isAway && before.path === path ? before.body : null
        return { path, body: isWell ? (answer.body as Body) : kept, refusal, status }
      })
      const ms = isAway ? againMs : everyMs
      if (ms !== null) cancel = after(ms, () => void ask(asked))
    }
    if (path !== null) void ask(path)
    return () => {
      isOver = true
      cancel()
    }
  }, [path, times, everyMs])
  return found.path === path ? found : nothing
}

const nothing = { path: null, body: null, refusal: '', status: 0 }

/** null: nobody answered. */
export async function answerTo(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answered | null> {
  try {
    return await call(method, path, body)
  } catch {
    return null
  }
}

export function refusalOf(answer: Answered | null, language: Language): string {
  return answer === null ? words[language].noAnswer : detailOf(answer)
}

/** With what is given of a query. */
export function withQuery(path: string, given: Record<string, string | number | undefined>) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `${path}?${query}` : path
}
