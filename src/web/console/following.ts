// Follows the stream: says what comes, and when nothing does; tries again by itself; gives the
// connection up while nobody sees the page, of which browsers allow six.

import { after, monotonic } from '../shared/browser.ts'
import { quietly, statusOf } from '../shared/quiet-refusals.ts'
import type { StreamData } from './model.ts'

export type Following = { stop(): void }
export type FollowingParts = {
  event(name: string, data: StreamData): void
  /** Whether it is connected. */
  line(isThere: boolean): void
  signedOut(): void
}

/** It says something twice a second. */
const silenceMsMax = 3_000
const againMs = 1_000

export function follow(parts: FollowingParts): Following {
  let stopped = false
  let reading: AbortController | null = null
  let cancel = () => {}

  function next(ms: number): void {
    cancel()
    cancel = after(ms, () => void read())
  }

  async function read(): Promise<void> {
    if (stopped || document.hidden) return
    reading?.abort()
    const own = new AbortController()
    reading = own
    const watch = silenceWatch(() => own.abort())
    try {
      const headers = { 'x-firstcome-console': '1', prefer: quietly }
      const response = await fetch('/console/stream', { headers, signal: own.signal })
      const status = statusOf(response)
      if (status === 401 || status === 403) return parts.signedOut()
      if (status !== 200 || response.body === null) throw new Error(String(status))
      await readEvents(response.body, (name, data) => {
        watch.heard()
        parts.line(true)
        parts.event(name, data)
      })
    } catch {
      // Said below, as an end without an error is.
    } finally {
      watch.stop()
    }
    // Given up by the page itself: another is being read, or nobody looks.
    if (stopped || reading !== own || document.hidden) return
    parts.line(false)
    next(againMs)
  }

  function seen(): void {
    if (document.hidden) reading?.abort()
    else next(0)
  }
  document.addEventListener('visibilitychange', seen)
  next(0)
  return {
    stop() {
      stopped = true
      cancel()
      reading?.abort()
      document.removeEventListener('visibilitychange', seen)
    },
  }
}

function silenceWatch(silent: () => void) {
  let heardAt = monotonic()
  let cancel = () => {}
  function look(): void {
    if (monotonic() - heardAt > silenceMsMax) silent()
    else cancel = after(500, look)
  }
  look()
  return {
    heard() {
      heardAt = monotonic()
    },
    stop: () => cancel(),
  }
}

type OnEvent = (name: string, data: StreamData) => void

async function readEvents(body: ReadableStream<Uint8Array>, onEvent: OnEvent): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += decoder.decode(value, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? []
      if (data !== '') onEvent(name, JSON.parse(data) as StreamData)
    }
  }
}
