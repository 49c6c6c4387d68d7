// What was done to a coupon, from the log: asked for once, and then only what came since.

import { useEffect, useState } from 'preact/hooks'
import { after } from '../../shared/browser.ts'
import { isForNow } from '../../shared/for-now.ts'
import type { Language } from '../../shared/texts.ts'
import type { Coupon } from '../model.ts'
import type { PartProps } from '../part-props.ts'
import { ask, detailOf } from '../session.ts'
import { actWords } from './act-words.ts'

export type DoneAct = {
  kind: 'created' | 'edited' | 'restocked' | 'paused' | 'resumed' | 'closed' | 'revoked'
  at: string
  by: string
  reason?: string
  log: { partition: number; offset: number }
  name?: string
  opensAt?: string
  closesAt?: string
  quantity?: number
  add?: number
  userId?: string
}
/** `acts`: in the order of the log; null: not known yet. `said`: why not, in words. */
export type DoneActs = { acts: readonly DoneAct[] | null; said: string }
type Page = { acts: readonly DoneAct[]; next?: number }

/** The most that one call answers. */
const actsAtOnce = 1_000
const againMs = 2_000

export function useDoneActs(
  { couponId, lastAct }: Coupon,
  { language, signedOut }: Pick<PartProps, 'language' | 'signedOut'>,
): DoneActs {
  const [found, setFound] = useState<DoneActs>({ acts: null, said: '' })
  useEffect(() => {
    let isOver = false
    let cancel = () => {}
    async function load(known: readonly DoneAct[]): Promise<void> {
      const answer = await ask({ method: 'GET', path: pathOf(couponId, known) }).catch(() => null)
      if (isOver) return
      if (answer?.status === 401) return signedOut()
      if (answer?.status === 200) {
        const { acts, next } = answer.body as Page
        const all = [...known, ...acts]
        setFound({ acts: all, said: '' })
        if (next !== undefined) void load(all)
        return
      }
      const isAway = answer === null || isForNow(answer.status)
      setFound({ acts: known.length === 0 ? null : known, said: saidOf(answer, language) })
      if (isAway) cancel = after(againMs, () => void load(known))
    }
    void load(found.acts ?? [])
    return () => {
      isOver = true
      cancel()
    }
  }, [couponId, lastAct])
  return found
}

function pathOf(couponId: string, known: readonly DoneAct[]): string {
  const last = known.at(-1)?.log.offset
  const since = last === undefined ? '' : `&after=${last}`
  return `/coupons/${couponId}/acts?limit=${actsAtOnce}${since}`
}

function saidOf(answer: Parameters<typeof detailOf>[0] | null, language: Language): string {
  return answer === null ? actWords[language].timeLineAway : detailOf(answer)
}
