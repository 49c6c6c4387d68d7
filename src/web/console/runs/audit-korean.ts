// What an audit has found, in Korean. Its sentences stand in src/audit/sentences.ts; one that has
// no text here fails a test.

import { couponPieces, couponSentences, couponSubjects } from './audit-coupons-korean.ts'
import { orderPieces, orderSentences, orderSubjects } from './audit-orders-korean.ts'
import { type InKorean, koreanOf } from './korean-of.ts'

export const sentences = { ...couponSentences, ...orderSentences }
export const pieces = { ...couponPieces, ...orderPieces }
export const subjects = { ...couponSubjects, ...orderSubjects }

/** Names and values are those of the shop, and stay as they are. */
const pieceNames = ['s', 't', 'p', 'q']
const valueInKorean = (value: string, name: string): string | null => {
  return pieceNames.includes(name) ? pieceInKorean(value) : null
}
const pieceInKorean = koreanOf(pieces, valueInKorean)
const subjectInKorean = koreanOf(subjects, valueInKorean)
const sentenceInKorean = koreanOf(
  { ...sentences, '{n} difference(s)': '차이 {n}개' },
  valueInKorean,
)

/** A sentence stands behind what it is about, or behind the id of its coupon, or alone. */
export const auditInKorean: InKorean = (text) => {
  const colons = [...text.matchAll(/: /g)].map(({ index }) => index)
  const behind = (at: number, about: string | null) => {
    const said = about === null ? null : sentenceInKorean(text.slice(at + 2))
    return said === null ? null : `${about}: ${said}`
  }
  for (const at of colons.toReversed()) {
    const found = behind(at, subjectInKorean(text.slice(0, at)))
    if (found !== null) return found
  }
  const [couponId = ' '] = text.split(': ')
  return (
    (couponId.includes(' ') ? null : behind(couponId.length, couponId)) ?? sentenceInKorean(text)
  )
}
