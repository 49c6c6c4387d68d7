// Under what a page keeps something for its tab, and how it forgets it.

import { tried } from './browser.ts'

export const keptKeys = { token: 'firstcome:token', language: 'firstcome:language' }

export function forget(key: string): void {
  tried(() => sessionStorage.removeItem(key))
}
