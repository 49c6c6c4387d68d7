// Tokens that were verified, by their hashes, so that the next request of one costs no
// verification. Bounded by number and by text; who has not asked for longest is forgotten.

import { hash } from 'node:crypto'
import { Latest } from '../latest.ts'
import type { ProviderKey } from './provider-key.ts'
import type { Caller, TokenTimes } from './token-checks.ts'

export type Remembered = {
  caller: Caller
  times: TokenTimes
  /** null: the secret. */
  key: ProviderKey | null
  /** Of the token. */
  characters: number
}
export type RememberedLimits = { [Name in keyof typeof rememberedLimits]: number }

export const rememberedLimits = {
  /** A stampede of as many whose page asked before. */
  tokensMax: 100_000,
  /** Of all their texts; with their claims, some three times as much memory. */
  charactersMax: 48 * 1024 * 1024,
} as const

export class RememberedTokens {
  private readonly tokens = new Latest<string, Remembered>()
  private readonly limits: RememberedLimits
  private characters = 0

  constructor(limits: Partial<RememberedLimits> = {}) {
    this.limits = { ...rememberedLimits, ...limits }
  }

  get size(): number {
    return this.tokens.size
  }

  /** By its `nameOf`; `now`: ms UTC. */
  get(name: string, now: number): Caller | undefined {
    const found = this.tokens.use(name)
    if (found === undefined) return undefined
    if (now >= found.times.from && now < found.times.until) return found.caller
    this.drop(name, found)
    return undefined
  }

  add(name: string, verified: Remembered): void {
    const before = this.tokens.use(name)
    if (before !== undefined) this.drop(name, before)
    this.tokens.set(name, verified)
    this.characters += verified.characters
    const { tokensMax, charactersMax } = this.limits
    while (this.tokens.size > tokensMax || this.characters > charactersMax) {
      const oldest = this.tokens.oldest()
      if (oldest === undefined) return
      this.drop(...oldest)
    }
  }

  forgetBy(key: ProviderKey): void {
    for (const [name, remembered] of this.tokens) {
      if (remembered.key === key) this.drop(name, remembered)
    }
  }

  private drop(name: string, { characters }: Remembered): void {
    this.tokens.delete(name)
    this.characters -= characters
  }
}

/** Made once for each request: it costs as much as all else here. */
export function nameOf(token: string): string {
  return hash('sha256', token, 'base64')
}
