// The public calls by which a sale is checked: what everybody is given, with no token of anybody.

import { askAgainAfterMs, entryPages, isAskedAgain } from '../../domain/proof/entry-pages.ts'
import { after } from '../shared/browser.ts'
import { quietly, statusOf } from '../shared/quiet-refusals.ts'
import { CheckFailure, SaleFault } from './outcome.ts'

export type SaleCalls = {
  /** The verifier key. */
  key(): Promise<string>
  /** Those that have signed before as well, one a line. */
  keys(): Promise<string>
  /** The signed note. */
  checkpoint(): Promise<string>
  /** The hashes, base64. */
  consistency(from: number, to: number): Promise<string[]>
  /** The first `size` entries, as texts of whole lines; fewer where it has no more. */
  pages(size: number): AsyncIterable<string>
}

export function saleCalls(couponId: string): SaleCalls {
  const of = (call: string) => `/coupons/${encodeURIComponent(couponId)}/proof/${call}`
  const get = (call: string) => asked(of(call))
  const now = (call: string) => asked(of(call), 'no-cache')
  return {
    key: () => now('key'),
    keys: () => now('keys'),
    checkpoint: () => now('checkpoint'),
    async consistency(from, to) {
      const text = await get(`consistency?from=${from}&to=${to}`)
      const { hashes } = JSON.parse(text) as { hashes: string[] }
      return hashes
    },
    pages: (size) => entryPages({ get, faultOf: (fault) => new SaleFault(fault) }, size),
  }
}

/** `no-cache`: what the browser was told a moment ago is not the answer. */
async function asked(path: string, cache: RequestCache = 'default'): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const request: RequestInit = { credentials: 'omit', cache, headers: { prefer: quietly } }
    const response = await fetch(path, request).catch(unreachable)
    const status = statusOf(response)
    if (status === 200) return await response.text().catch(unreachable)
    if (status === 404) throw new CheckFailure('noProof')
    if (!isAskedAgain(status, tries)) throw new CheckFailure('refused', String(status))
    await waited(askAgainAfterMs(response.headers.get('retry-after')))
  }
}

function unreachable(): never {
  throw new CheckFailure('unreachable')
}

export function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve)
  })
}
