// Every sentence in which an audit tells a difference, by its words: the type checker takes no
// other, so that each has its text in the languages of the console. Figures stand as {n}, what is
// one of the pieces as {s}, what may be one as {p}, names and values as {x}.

import { couponPieces, couponSentences, couponSubjects } from './coupons/coupon-sentences.ts'
import { orderPieces, orderSentences, orderSubjects } from './orders/order-sentences.ts'

export const sentences = [...couponSentences, ...orderSentences]
export const pieces = [...couponPieces, ...orderPieces]
/** What a sentence is about; it stands before it with a colon. */
export const subjects = [...couponSubjects, ...orderSubjects]

type Figure = 'n' | 'm' | 'k' | 'j' | 'i'
type PieceName = 's' | 't'
type Value<Name, Inner> = Name extends Figure ? number : Name extends PieceName ? Inner : string
type Filled<Text, Inner> = Text extends `${infer Before}{${infer Name}}${infer After}`
  ? `${Before}${Value<Name, Inner> & (string | number)}${Filled<After, Inner>}`
  : Text

/** A part of a sentence, in a few words. */
export type Piece = Filled<(typeof pieces)[number], never>
export type Sentence = Filled<(typeof sentences)[number], Piece>
export type Subject = Filled<(typeof subjects)[number], never>
