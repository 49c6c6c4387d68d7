// Sends an act until the service says what became of it: the same key with the same act, so that it
// is done once, however often it had to be sent.

import { useEffect, useRef, useState } from 'preact/hooks'
import { after } from '../../shared/browser.ts'
import { randomKey } from '../../shared/random-key.ts'
import { type Answered, type Asked, ask } from '../session.ts'

export type Verdict =
  | { kind: 'done'; body: Answered['body'] }
  /** By another act than this one. */
  | { kind: 'changed' }
  | { kind: 'refused'; answer: Answered }
  /** To be sent again: it may have been done, or nothing was done yet. */
  | { kind: 'later'; why: 'noAnswer' | 'pending' | 'later'; seconds: number }
export type Sending = {
  isSending: boolean
  /** Of what was sent last. */
  verdict: Verdict | null
  send(asked: Asked): void
  /** As if nothing had been sent. */
  forget(): void
}

/** Where the service does not say how long. */
const againSeconds = 2
const waitSecondsMax = 30

/** null: nobody answered. */
export function verdictOf(answer: Answered | null): Verdict {
  if (answer === null) return { kind: 'later', why: 'noAnswer', seconds: againSeconds }
  const { status, body } = answer
  if (status === 200 || status === 201) return { kind: 'done', body }
  if (status === 202) return { kind: 'later', why: 'pending', seconds: againSeconds }
  if (status === 412) return { kind: 'changed' }
  if (status === 408 || status === 429 || status === 503) {
    return { kind: 'later', why: 'later', seconds: waitSecondsOf(answer) }
  }
  return { kind: 'refused', answer }
}

export function waitSecondsOf({ headers }: Answered): number {
  const asked = Number(headers.get('retry-after') ?? againSeconds)
  return Math.min(waitSecondsMax, Math.max(1, asked || againSeconds))
}

/** Ends with the dialog. */
export function useSending(): Sending {
  const [isSending, setIsSending] = useState(false)
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const key = useRef({ text: '', key: '' })
  const stop = useRef(() => {})
  useEffect(() => () => stop.current(), [])

  function send(asked: Asked): void {
    stop.current()
    const text = JSON.stringify(asked)
    if (key.current.text !== text) key.current = { text, key: randomKey() }
    const headers = { ...asked.headers, 'idempotency-key': key.current.key }
    setIsSending(true)
    stop.current = sendAgain({ ...asked, headers }, (answer) => {
      const told = verdictOf(answer)
      setVerdict(told)
      setIsSending(told.kind === 'later')
      return told.kind === 'later' ? told.seconds * 1_000 : null
    })
  }
  function forget(): void {
    stop.current()
    setIsSending(false)
    setVerdict(null)
  }
  return { isSending, verdict, send, forget }
}

/** `told` says in how many ms it is sent again; null: no more. Returns what stops it. */
export function sendAgain(
  asked: Asked,
  told: (answer: Answered | null) => number | null,
): () => void {
  let isOver = false
  let cancel = () => {}
  async function send(): Promise<void> {
    const answer = await ask(asked).catch(() => null)
    if (isOver) return
    const ms = told(answer)
    if (ms !== null) cancel = after(ms, () => void send())
  }
  void send()
  return () => {
    isOver = true
    cancel()
  }
}
