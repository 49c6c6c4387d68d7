// Tokens that were verified, by their hashes, so that the next request of one costs no
// verification. Bounded by number and by text; those who asked last are remembered.

import { hash } from 'node:crypto'
import { Recent } from '../recent.ts'
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

/** Of the latest so much is kept at least, and twice as much at most. */
export const rememberedLimits = {
  /** A stampede of twice as many, most of whose pages asked before. */
  tokensMax: 50_000,
  /** Of all their texts; with their claims, some three times as much memory. */
  charactersMax: 24 * 1024 * 1024,
} as const

export class RememberedTokens {
  private readonly tokens: Recent<string, Remembered>

  constructor(limits: Partial<RememberedLimits> = {}) {
    const { tokensMax, charactersMax } = { ...rememberedLimits, ...limits }
    const weightOf = ({ characters }: Remembered) => characters
    this.tokens = new Recent({ max: tokensMax, weightMax: charactersMax, weightOf })
  }

  get size(): number {
    return [...this.tokens].length
  }

  /** By its `nameOf`; `now`: ms UTC. */
  get(name: string, now: number): Caller | undefined {
    const found = this.tokens.use(name)
    if (found === undefined) return undefined
    if (now >= found.times.from && now < found.times.until) return found.caller
    this.tokens.delete(name)
    return undefined
  }

  add(name: string, verified: Remembered): void {
    this.tokens.set(name, verified)
  }

  forgetBy(key: ProviderKey): void {
    for (const [name, remembered] of this.tokens) {
      if (remembered.key === key) this.tokens.delete(name)
    }
  }
}

/** Made once for each request: it costs as much as all else here. */
export function nameOf(token: string): string {
  return hash('sha256', token, 'base64')
}
