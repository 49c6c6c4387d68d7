// Asks the service what an act would do, for what stands in its form. All that one dialog shows is
// of one state of the coupon: the one of its first preview, until its operator looks again.

import { useEffect, useRef, useState } from 'preact/hooks'
import { after } from '../../shared/browser.ts'
import { type Answered, ask, detailOf } from '../session.ts'
import type { PreviewBody } from './preview-text.ts'
import { verdictOf } from './sending.ts'
import { type ActName, callOf, type Wish } from './wishes.ts'

/** `etag`: of the state of the coupon. */
export type Preview = { wish: Wish; etag: string; body: PreviewBody }
export type Looked = {
  /** Of what stands in the form now; null: none yet. */
  preview: Preview | null
  /** Why it could not be done at all. */
  refusal: string
  isAway: boolean
  /** It is another state of the coupon than the one that was seen first. */
  isOther: boolean
  lookAgain(): void
}

/** Of somebody who is typing. */
const restMs = 300

type Found = { text: string } & Partial<Pick<Looked, 'preview' | 'refusal' | 'isAway' | 'isOther'>>

export function usePreview(act: ActName, couponId: string, wish: Wish | null): Looked {
  const text = wish === null ? '' : JSON.stringify(wish)
  const [found, setFound] = useState<Found>({ text: '' })
  const [looks, setLooks] = useState(0)
  const seen = useRef<string | null>(null)
  useEffect(() => {
    let isOver = false
    let cancel = () => {}
    async function look(asked: Wish): Promise<void> {
      const answer = await ask(questionOf(act, couponId, asked)).catch(() => null)
      if (isOver) return
      const verdict = verdictOf(answer)
      if (verdict.kind === 'later' || answer === null) {
        setFound({ text, isAway: true })
        cancel = after(2_000, () => void look(asked))
        return
      }
      setFound({ text, ...foundOf(answer, asked) })
    }
    function foundOf(answer: Answered, asked: Wish): Omit<Found, 'text'> {
      if (answer.status !== 200) return { refusal: detailOf(answer) }
      const etag = answer.headers.get('etag') ?? ''
      seen.current ??= etag
      if (seen.current !== etag) return { isOther: true }
      return { preview: { wish: asked, etag, body: answer.body as PreviewBody } }
    }
    const isTyped = Object.keys(wish ?? {}).length > 0
    if (wish !== null) cancel = after(isTyped ? restMs : 0, () => void look(wish))
    return () => {
      isOver = true
      cancel()
    }
  }, [text, looks])
  const { preview = null, refusal = '', isAway = false } = found.text === text ? found : {}
  return {
    preview,
    refusal,
    isAway,
    isOther: found.isOther ?? false,
    lookAgain() {
      seen.current = null
      setFound({ text: '' })
      setLooks(looks + 1)
    },
  }
}

/** Why is no part of what it would do, but a revoke has to say it. */
function questionOf(act: ActName, couponId: string, wish: Wish) {
  const { method, path } = callOf(act, couponId)
  const body = act === 'revoke' ? { ...wish, reason: 'preview' } : wish
  return { method, path: `${path}?preview=true`, body }
}
