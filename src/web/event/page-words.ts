// What the page says that the element does not.

const english = {
  user: 'User',
  check_sale: 'Check this sale',
  sign_in_elsewhere: 'Please sign in at the shop, and come back by its link.',
}

const korean: typeof english = {
  user: '사용자',
  check_sale: '이 판매 확인하기',
  sign_in_elsewhere: '쇼핑몰에서 로그인한 뒤 그곳의 링크로 다시 와 주세요.',
}

export const pageWords = { en: english, ko: korean }
