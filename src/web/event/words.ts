// What the event page and the element say, in English and Korean. A state is recognised by its
// word, which the sentence of no other state has.

import type { Language } from '../shared/texts.ts'

export type Word = keyof typeof words

/** `#` stands for a value. */
export const words = {
  loading: ['One moment…', '잠시만요…'],
  scheduled: ['It opens on #.', '#에 시작해요.'],
  open: ['First come, first served.', '지금 선착순으로 드려요.'],
  asking: ['We are asking for it…', '쿠폰을 신청 중이에요…'],
  won: ['The coupon is yours: you are number #.', '쿠폰을 받았어요. #번째예요.'],
  sold_out: ['The coupon is sold out.', '쿠폰이 모두 소진되었어요.'],
  paused: ['The coupon is paused.', '쿠폰이 잠시 중지되었어요.'],
  closed: ['The coupon is closed.', '쿠폰이 종료되었어요.'],
  not_eligible: ['You are not eligible.', '받을 수 있는 대상이 아니에요.'],
  revoked: ['Your coupon was revoked.', '쿠폰이 회수되었어요.'],
  checking: ['We are checking…', '확인 중이에요…'],
  busy: ['It is very busy. We try again in', '지금 혼잡해요. 다시 시도해요.'],
  away: [
    'Offline, or we cannot reach the service. We try again.',
    '오프라인이거나 연결할 수 없어요. 다시 시도해요.',
  ],
  sign_in: ['Please sign in.', '로그인해 주세요.'],
  unknown: ['There is no such coupon.', '없는 쿠폰이에요.'],
  left: ['# left', '#개 남음'],
  get: ['Get the coupon', '쿠폰 받기'],
  copy: ['Copy', '복사'],
  sign_in_button: ['Sign in', '로그인'],
  copied: ['Copied.', '복사했어요.'],
  not_copied: ['Please copy it by hand.', '직접 복사해 주세요.'],
  days: [' d ', '일 '],
} as const satisfies Readonly<Record<string, readonly [english: string, korean: string]>>

export function saying(word: Word, language: Language, value = ''): string {
  return words[word][language === 'ko' ? 1 : 0].replace('#', value)
}
