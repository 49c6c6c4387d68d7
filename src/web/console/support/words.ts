// What the parts for those who help people say, in both languages.

import type { Language } from '../../shared/texts.ts'

type Words = Readonly<Record<keyof typeof english, string>>

const english = {
  noAnswer: 'The service did not answer. It is asked again.',
  find: 'Find',
  showUsers: 'Show users',
  hideUsers: 'Hide users',
  next: 'Next',
  previous: 'Previous',
  chooseFirst: 'Choose a coupon to see who has won it.',
  winner: 'User, slot or code',
  winnerHint: 'Digits alone are a slot; a user of digits goes in quotes: "1024".',
  csv: 'CSV',
  slot: 'Slot',
  userAndCode: 'User and code',
  state: 'State',
  noWinners: 'Nobody has won this coupon yet.',
  noWinnerFits: 'No winner of this coupon fits that.',
  reserved: 'reserved',
  used: 'used',
  unused: 'not used',
  expired: 'expired',
  revoked: 'revoked',
  wonAt: 'won',
  validUntil: 'good until',
  order: 'order',
} as const

const korean: Words = {
  noAnswer: '서비스가 응답하지 않았습니다. 다시 요청하고 있습니다.',
  find: '찾기',
  showUsers: '사용자 보기',
  hideUsers: '사용자 숨기기',
  next: '다음',
  previous: '이전',
  chooseFirst: '당첨자를 볼 쿠폰을 고르세요.',
  winner: '사용자, 순번 또는 코드',
  winnerHint: '숫자만 쓰면 순번입니다. 숫자로 된 사용자는 따옴표로 감싸세요: "1024".',
  csv: 'CSV',
  slot: '순번',
  userAndCode: '당첨된 사람과 코드',
  state: '상태',
  noWinners: '아직 이 쿠폰의 당첨자가 없습니다.',
  noWinnerFits: '이 쿠폰에는 맞는 당첨자가 없습니다.',
  reserved: '예약됨',
  used: '사용함',
  unused: '쓰지 않음',
  expired: '기한 지남',
  revoked: '회수됨',
  wonAt: '당첨',
  validUntil: '기한',
  order: '주문 번호',
}

export const words: Readonly<Record<Language, Words>> = { en: english, ko: korean }
