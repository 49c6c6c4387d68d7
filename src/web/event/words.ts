// What the event page and the element say, in both languages: one entry a text, so that none can
// miss in one of them. A state in bold is recognised by its word, which no other sentence has.

import type { Language } from '../shared/texts.ts'

export type Word = keyof typeof english
export type Words = Readonly<Record<Word, string>>

const english = {
  loading: 'One moment…',
  before: 'It opens on {when}.',
  open: 'Open now: first come, first served.',
  asking: 'We are asking for your coupon…',
  won: 'The coupon is yours: you are number {slot}.',
  sold_out: 'All of them are sold out.',
  paused: 'The coupon is paused. When it goes on, you see it here.',
  closed: 'This coupon is closed.',
  not_eligible: 'You are not eligible for this coupon.',
  revoked: 'Your coupon was revoked.',
  checking: 'We are checking whether it worked…',
  busy: 'It is very busy. We try again for you, in:',
  away: 'You are offline, or we cannot reach the service. We keep trying.',
  sign_in: 'Please sign in to get the coupon.',
  sign_in_elsewhere: 'Please sign in at the shop, and come back by its link.',
  unknown: 'There is no such coupon.',
  left: '{left} left',
  get: 'Get the coupon',
  copy: 'Copy',
  sign_in_button: 'Sign in',
  copied: 'Copied.',
  not_copied: 'Please copy the code by hand.',
  days: '{days} d {time}',
  user: 'User',
  check_sale: 'Check this sale',
} as const

const korean: Words = {
  loading: '잠시만 기다려 주세요…',
  before: '{when}에 시작해요.',
  open: '지금 선착순으로 드려요.',
  asking: '쿠폰을 신청 중이에요…',
  won: '쿠폰을 받았어요. {slot}번째예요.',
  sold_out: '쿠폰이 모두 소진되었어요.',
  paused: '잠시 중지되었어요. 다시 열리면 여기에 보여요.',
  closed: '종료된 쿠폰이에요.',
  not_eligible: '이 쿠폰을 받을 수 있는 대상이 아니에요.',
  revoked: '쿠폰이 회수되었어요.',
  checking: '결과를 확인 중이에요…',
  busy: '지금 많이 혼잡해요. 곧 자동으로 다시 시도해요.',
  away: '오프라인이거나 서비스에 연결할 수 없어요. 계속 시도하고 있어요.',
  sign_in: '쿠폰을 받으려면 로그인해 주세요.',
  sign_in_elsewhere: '쇼핑몰에서 로그인한 뒤 그곳의 링크로 다시 와 주세요.',
  unknown: '없는 쿠폰이에요.',
  left: '{left}개 남음',
  get: '쿠폰 받기',
  copy: '복사',
  sign_in_button: '로그인',
  copied: '복사했어요.',
  not_copied: '코드를 직접 복사해 주세요.',
  days: '{days}일 {time}',
  user: '사용자',
  check_sale: '이 판매 확인하기',
}

export const words: Readonly<Record<Language, Words>> = { en: english, ko: korean }
