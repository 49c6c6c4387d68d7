// What the checks of a rehearsal have found, and why a run came to nothing, in Korean. The service
// says it in English, for reports are files that are passed on; each of its sentences stands here
// with its figures ({n}) and what is named in it ({x}, {y}), which may be such a piece again.

const sentences = {
  '{n} of {m} ask(s)': '신청 {m}건 중 {n}건',
  '{n} ask(s) ended before it did': '그 전에 끝난 신청 {n}건',
  'it ended before this was read': '이것을 읽기 전에 끝났습니다',
  'nobody asked after another was answered': '남이 답을 받은 뒤에 신청한 사람이 없습니다',
  'not judged: {x}': '판단하지 못함: {x}',
  'not to be had': '읽을 수 없습니다',
  'nobody has said where': '어디에 있는지 알려 준 사람이 없습니다',
  'the events cannot be read: {x}': '이벤트를 읽을 수 없습니다: {x}',
  'the rows cannot be read: {x}': '행을 읽을 수 없습니다: {x}',
  'the log that is here is another service’s': '여기 있는 로그는 다른 서비스의 것입니다',
  '{n} of {x}, {y}': '{x} {n}장, {y}',
  'no discount': '할인 없음',
  'amount {n} off': '{n} 할인',
  'percent {n} off': '{n}% 할인',
  'asked for {x}, it is {y}': '요청한 것은 {x}, 지금은 {y}',
  '{n} told yes, of {m}': '{m}장 중 당첨 답을 받은 사람 {n}명',
  '{n} told yes, there were {m}': '당첨 답을 받은 사람이 {n}명인데, {m}장뿐입니다',
  '{n} issued: {m} coupon(s), {k} user(s)': '{n}장 발급: 쿠폰 {m}장, 사용자 {k}명',
  '{n} of {m} issued, {k} of them here': '{m}장 중 {n}장 발급, 그중 {k}장은 이 예행연습의 것',
  '{n} issued, expected {m}': '{n}장이 발급되었는데, {m}장이어야 합니다',
  '{n} users hold one, expected {m}': '{n}명이 가지고 있는데, {m}명이어야 합니다',
  '{n} issued of {m}': '{m}장뿐인데 {n}장이 발급되었습니다',
  'told sold out with {n} left': '{n}장이 남았는데 소진되었다고 했습니다',
  '{n} winner(s), {m} ask(s) each': '당첨자 {n}명, 한 사람에 신청 {m}건',
  '{n} slots': '순번 {n}개',
  '{n} slots, 1…{m}': '순번 {n}개, 1…{m}',
  'no slot was issued': '발급된 순번이 없습니다',
  'slot {n} belongs to {x} and {y}': '순번 {n}번이 {x} 님과 {y} 님의 것입니다',
  'slot {n} belongs to nobody': '순번 {n}번이 누구의 것도 아닙니다',
  '{x} holds slot {n} of {m}': '{x} 님의 순번이 {m}개 중 {n}입니다',
  '{n} code(s)': '코드 {n}개',
  '{x} and {y} have one code: {z}': '{x} 님과 {y} 님의 코드가 같습니다: {z}',
  '{n} told no have none': '거절된 {n}명은 가진 것이 없습니다',
  '{x} was told no, yet holds slot {n}': '{x} 님은 거절되었는데 순번 {n}번을 가지고 있습니다',
  '{n} asked after another was answered, none came earlier':
    '남이 답을 받은 뒤에 신청한 {n}명 가운데 앞선 사람이 없습니다',
  '{x} got slot {n} when {y} already had slot {m}':
    '{y} 님이 이미 순번 {m}번을 받았는데 {x} 님이 순번 {n}번을 받았습니다',
  '{x} won, having asked after another was told no':
    '남이 거절된 뒤에 신청한 {x} 님이 당첨되었습니다',
  '{n} ask(s) came before the opening': '시작 전에 온 신청 {n}건',
  '{x} was told not open after another was told issued':
    '남이 당첨된 뒤에 {x} 님은 시작 전이라고 들었습니다',
  '{x} ended without an answer: {y}': '{x} 님은 답을 받지 못하고 끝났습니다: {y}',
  'accepted, but never decided': '받아들였지만 끝내 결정되지 않았습니다',
  'no answer to a claim': '신청에 답이 없었습니다',
  'turned away to the end': '끝까지 돌려보냈습니다',
  'it stays pending': '계속 확인 중입니다',
  'still pending': '아직 확인 중입니다',
  'timed out': '시간이 지났습니다',
  'status {n}': '응답 상태 {n}',
  'never asked': '묻지 않았습니다',
  '{x} was told {y} and {z}': '{x}: 들은 답은 {y}, 그리고 {z}',
  '{x} was told {y}, then {z}': '{x}: 들은 답은 {y}, 그 뒤에는 {z}',
  '{x} was given the coupon of {y}': '{x} 님이 {y} 님의 쿠폰을 받았습니다',
  'slot {n} (code {x}, claim {y})': '순번 {n}(코드 {x}, 신청 {y})',
  'slot {n} (code {x}) of {y}': '순번 {n}(코드 {x}), {y}',
  'slot {n}': '순번 {n}',
  'slot {n} (code {x}) of {y}, percent {m} off': '순번 {n}(코드 {x}), {y}, {m}% 할인',
  'slot {n} (code {x}) of {y}, amount {m} off': '순번 {n}(코드 {x}), {y}, {m} 할인',
  '{x}, slot {n} (code {y}, claim {z})': '{x} 님의 순번 {n}(코드 {y}, 신청 {z})',
  'not to have won': '당첨되지 않음',
  'nothing definite ({x})': '확정되지 않음({x})',
  'sold out': '소진',
  '{n} of {m} have it': '{m}명 중 {n}명이 가지고 있습니다',
  '{n} issued, {m} remaining': '{n}장 발급, {m}장 남음',
  '{n} remaining of {m}': '{m}장 중 {n}장이 남았다고 합니다',
  'it says {n} issued, the users hold {m}':
    '{n}장이 발급되었다는데, 사용자가 가진 것은 {m}장입니다',
  'it says {n} issued, at least {m} are': '{n}장이 발급되었다는데, 적어도 {m}장이 발급되었습니다',
  '{n} of {m} rows': '행 {m}개 중 {n}개가 맞습니다',
  '{n} of {m} rows here, {k} in all': '행 {m}개 중 {n}개가 맞고, 모두 {k}개입니다',
  '{x} has two rows, slots {n} and {m}': '{x} 님의 행이 둘입니다: 순번 {n}, {m}',
  '{x} holds slot {n}, but has no row': '{x} 님은 순번 {n}번을 가졌는데 행이 없습니다',
  '{x} holds {y}, the row says {z}': '{x}: 가진 것은 {y}, 행에 있는 것은 {z}',
  'slot {n} has a row for {x}, who was never told so':
    '순번 {n}의 행은 {x} 님의 것인데, 알린 적이 없습니다',
  'slot {n} has more than one row': '순번 {n}의 행이 둘 이상입니다',
  'slot {n} has no row': '순번 {n}의 행이 없습니다',
  'slots {n}…{m} have no row': '순번 {n}…{m}의 행이 없습니다',
  '{n} see theirs, nobody another one': '{n}명이 자기 것을 보고, 다른 것은 아무도 보지 않습니다',
  'the coupons of {x} cannot be read: {y}': '{x} 님의 쿠폰을 읽을 수 없습니다: {y}',
  '{x} has {y}, sees {z}': '{x}: 가진 것은 {y}, 보이는 것은 {z}',
  none: '없음',
  '{n} event(s) of {m} win(s)': '당첨 {m}건에 이벤트 {n}개',
  'slot {n} of {x} was not published': '{x} 님의 순번 {n}번이 발행되지 않았습니다',
  'slot {n} was published, and belongs to nobody': '순번 {n}번이 발행되었는데 누구의 것도 아닙니다',
  '{x} holds {y}, published was {z}': '{x}: 가진 것은 {y}, 발행된 것은 {z}',
  '{n} difference(s)': '차이 {n}개',
  'an operator has stopped it': '운영자가 멈췄습니다',
  'the service has stopped': '서비스가 멈췄습니다',
  'the node that ran it is gone': '실행하던 노드가 사라졌습니다',
  'it took longer than {n} s': '{n}초보다 오래 걸렸습니다',
  'it ended with {x}': '{x}: 그렇게 끝났습니다',
} as const

/** null: it is none of these sentences, but of another version, or what an error says. */
export function inKorean(text: string): string | null {
  for (const { pattern, names, korean } of patterns()) {
    const found = pattern.exec(text)
    if (found === null) continue
    const values = new Map(names.map((name, n) => [name, found[n + 1] ?? '']))
    const shown = (value: string) => (value === text ? value : (inKorean(value) ?? value))
    return korean.replace(/\{(\w)\}/g, (_, name: string) => shown(values.get(name) ?? ''))
  }
  return null
}

type Pattern = { pattern: RegExp; names: string[]; korean: string }
let known: Pattern[] | undefined

function patterns(): Pattern[] {
  known ??= inOrder(Object.entries(sentences)).map(([english, korean]) => {
    const names = [...english.matchAll(/\{(\w)\}/g)].map(([, name = '']) => name)
    const source = english
      .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      .replaceAll('\\(s\\)', 's?')
      .replace(/\{[nmk]\}/g, '(-?[\\d,.]+)')
      .replace(/\{[xyz]\}/g, '(.+?)')
    return { pattern: new RegExp(`^${source}$`, 'su'), names, korean }
  })
  return known
}

/** A figure fits less than a name does, and a long sentence less than a short one. */
function inOrder(entries: [string, string][]): [string, string][] {
  const free = (english: string) => english.match(/\{[xyz]\}/g)?.length ?? 0
  return entries.toSorted(([a], [b]) => free(a) - free(b) || b.length - a.length)
}
