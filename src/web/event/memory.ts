// What a tab remembers of a coupon over a reload, and by whom: what this user was told, and that a
// claim was wished for. Kept in the page itself too, since a browser may keep nothing for a frame.

import { store, stored } from '../shared/browser.ts'
import type { Told } from './view.ts'

type Kept = { of: string; value: unknown }

export class Memory {
  readonly #key: string
  readonly #own = new Map<string, string | null>()

  constructor(couponId: string) {
    this.#key = `firstcome:${couponId}`
  }

  keepTold(of: string | undefined, told: Told | null): void {
    this.#keep('told', of, told)
  }

  toldTo(of: string): Told | null {
    return this.#of('told', of) as Told | null
  }

  keepWish(of: string | undefined, notBefore: number | null): void {
    this.#keep('wish', of, notBefore)
  }

  wishOf(of: string): number | null {
    return this.#of('wish', of) as number | null
  }

  #keep(what: string, of: string | undefined, value: unknown): void {
    const key = `${this.#key}:${what}`
    const text = value === null ? null : JSON.stringify({ of, value })
    this.#own.set(key, text)
    store(key, text)
  }

  #of(what: string, of: string): unknown {
    const key = `${this.#key}:${what}`
    const text = this.#own.has(key) ? this.#own.get(key) : stored(key)
    try {
      const kept = JSON.parse(text ?? 'null') as Kept | null
      return kept?.of === of ? kept.value : null
    } catch {
      return null
    }
  }
}
