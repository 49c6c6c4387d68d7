// The keys of an identity provider as they were last had. They are asked for at once, from time to
// time, and when a token names an unknown one; never two at a time, and never more often than
// `askAfterMsMin`, whoever makes up names. Where an answer is none, the known keys stay.

import { type Clock, every, type Moment, sleep, within } from '../../ports/clock.ts'
import { messageOf } from '../../ports/port-error.ts'
import type { KeySetSource } from '../../ports/tokens.ts'
import { type ProviderKey, readKeySet } from './provider-key.ts'

export type ProviderKeysParts = {
  source: KeySetSource
  clock: Clock
  /** No token of such a key is believed any more. */
  onRemoved(key: ProviderKey): void
  /** What is wrong with the provider, or that nothing is any more; once for each change. */
  onNews(news: { isWrong: boolean; message: string }): void
  limits?: Partial<ProviderKeysLimits>
}
export type ProviderKeysLimits = { [Name in keyof typeof providerKeysLimits]: number }

export const providerKeysLimits = {
  /** From the end of one ask, so that the provider sees two seconds whatever the line does. */
  askAfterMsMin: 2_100,
  /** One that was removed, or replaced under its name, is not believed for longer. */
  askAgainMs: 15_000,
  /** A slow provider; a token waits for less (token-verifier.ts). */
  askMsMax: 8_000,
} as const

export class ProviderKeys {
  private known: readonly ProviderKey[] = []
  private readonly parts: ProviderKeysParts
  private readonly limits: ProviderKeysLimits
  private readonly closing = new AbortController()
  private readonly stopAskingAgain: () => void
  private asking: Promise<boolean> = Promise.resolve(false)
  private next: Promise<boolean> | null = null
  private mayAskAt: Moment = 0
  private isWrong: boolean | null = null

  constructor(parts: ProviderKeysParts) {
    this.parts = parts
    this.limits = { ...providerKeysLimits, ...parts.limits }
    void this.ask()
    this.stopAskingAgain = every(parts.clock, this.limits.askAgainMs, () => void this.ask())
  }

  keys(): readonly ProviderKey[] {
    return this.known
  }

  /** Resolves once an ask that begins from now on has ended; false: it has brought nothing. */
  ask(): Promise<boolean> {
    this.next ??= this.askNext()
    return this.next
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.stopAskingAgain()
    await this.asking
    await this.parts.source.close()
  }

  private async askNext(): Promise<boolean> {
    const { clock } = this.parts
    await this.asking
    const waitMs = this.mayAskAt - clock.monotonic()
    if (waitMs > 0) await sleep(clock, waitMs, this.closing.signal)
    this.next = null
    if (this.closing.signal.aborted) return false
    this.asking = this.askNow()
    return this.asking
  }

  private async askNow(): Promise<boolean> {
    const { clock, source } = this.parts
    const { signal } = this.closing
    const late = new AbortController()
    const deadline = {
      clock,
      ms: this.limits.askMsMax,
      late(): never {
        late.abort()
        throw new Error('has not answered in time')
      },
    }
    try {
      const text = source.read(AbortSignal.any([late.signal, signal]))
      const keys = readKeySet(await within(deadline, text))
      if (keys === null) throw new Error('gave no JSON Web Key Set')
      this.take(keys)
      this.tell(false, `the identity provider gave keys for tokens: ${keys.length}`)
      return true
    } catch (error) {
      this.tell(true, `the identity provider ${messageOf(error)}; the keys known so far stay`)
      return false
    } finally {
      this.mayAskAt = clock.monotonic() + this.limits.askAfterMsMin
    }
  }

  private take(given: readonly ProviderKey[]): void {
    const before = new Map(this.known.map((key) => [key.identity, key]))
    const now = new Map(given.map((key) => [key.identity, before.get(key.identity) ?? key]))
    this.known = [...now.values()]
    for (const [identity, key] of before) if (!now.has(identity)) this.parts.onRemoved(key)
  }

  private tell(isWrong: boolean, message: string): void {
    if (isWrong === this.isWrong || this.closing.signal.aborted) return
    this.isWrong = isWrong
    this.parts.onNews({ isWrong, message })
  }
}
