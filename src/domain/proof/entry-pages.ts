// The entries of a sale by its public calls, page by page, the same for whoever checks it: by the
// command, or in a browser.

import { type Told, told } from './told.ts'

/** As many as a service gives at once. */
const pageEntriesMax = 10_000
/** A tree that is being made again, or a limit of calls, is over in a moment, or it is not. */
const triesMax = 30
const retryAfterSecondsMax = 10

export type EntryCalls = {
  /** The answer to a call of the proof, such as `entries?from=0&limit=10`. */
  get(call: string): Promise<string>
  /** What is thrown where an answer is not what it must be. */
  faultOf(fault: Told): Error
}

/** The first `size` entries, as texts of whole lines; fewer where it has no more. */
export async function* entryPages(calls: EntryCalls, size: number): AsyncGenerator<string> {
  const page = (begin: number) =>
    calls.get(`entries?from=${begin}&limit=${Math.min(pageEntriesMax, size - begin)}`)
  let next = page(0)
  for (let taken = 0; taken < size; ) {
    const text = await next
    if (text === '') return
    if (!text.endsWith('\n')) throw calls.faultOf(told('cutLine'))
    taken += countLines(text)
    // The next page is under way while this one is checked.
    if (taken < size) {
      next = page(taken)
      next.catch(() => {})
    }
    yield text
  }
}

function countLines(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** 408 may meet a request whose connection had brought nothing for a while. */
export function isTurnedAway(status: number): boolean {
  return status === 408 || status === 429 || status === 503
}

/** Whether the call is made again that was answered so, for the `tries`th time. */
export function isAskedAgain(status: number, tries: number): boolean {
  return isTurnedAway(status) && tries < triesMax
}

/** Milliseconds until then, as the answer's `Retry-After` says. */
export function askAgainAfterMs(retryAfter: string | null | undefined): number {
  const seconds = Number(retryAfter ?? 1)
  return 1000 * Math.min(retryAfterSecondsMax, seconds >= 0 ? seconds : 1)
}
