// What each part of the console is given.

import type { Language } from '../shared/texts.ts'
import type { Coupon, Model } from './model.ts'
import type { Session } from './session.ts'

/** `coupon`: the chosen one. */
export type PartProps = {
  language: Language
  session: Session
  model: Model
  coupon: Coupon | undefined
  signedOut(): void
}
