// The public calls by which a sale is checked: what everybody is given, with no token of anybody.

import { told } from '../../domain/proof/told.ts'
import { after } from '../shared/browser.ts'
import { CheckFailure, SaleFault } from './outcome.ts'

export type SaleCalls = {
  /** One verifier key a line. */
  keys(): Promise<string>
  /** The signed note. */
  checkpoint(): Promise<string>
  /** The first `size` entries, as texts of whole lines; fewer where it has no more. */
  pages(size: number): AsyncIterable<string>
}

/** As many as a service gives at once. */
const pageEntriesMax = 10_000
/** A tree that is being made again, or a limit of calls, is over in a moment, or it is not. */
const triesMax = 30
const retryAfterSecondsMax = 10

export function saleCalls(couponId: string): SaleCalls {
  const get = (call: string) => asked(`/coupons/${encodeURIComponent(couponId)}/proof/${call}`)
  return {
    keys: () => get('key'),
    checkpoint: () => get('checkpoint'),
    async *pages(size) {
      const page = (begin: number) =>
        get(`entries?from=${begin}&limit=${Math.min(pageEntriesMax, size - begin)}`)
      let next = page(0)
      for (let taken = 0; taken < size; ) {
        const text = await next
        if (text === '') return
        taken += countLines(text)
        // The next page is under way while this one is checked.
        if (taken < size) {
          next = page(taken)
          next.catch(() => {})
        }
        yield text
      }
    },
  }
}

function countLines(text: string): number {
  if (!text.endsWith('\n')) throw new SaleFault(told('cutLine'))
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

async function asked(path: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(path, { credentials: 'omit' }).catch(unreachable)
    const { status, headers } = response
    if (status === 200) return await response.text().catch(unreachable)
    if (status === 404) throw new CheckFailure('noProof')
    const isBusy = status === 503 || status === 429
    if (!isBusy || tries === triesMax) throw new CheckFailure('refused', String(status))
    const seconds = Number(headers.get('retry-after') ?? 1)
    await waited(1000 * Math.min(retryAfterSecondsMax, seconds >= 0 ? seconds : 1))
  }
}

function unreachable(): never {
  throw new CheckFailure('unreachable')
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve)
  })
}
