// What the parts for rehearsals and audits say, in both languages.

import type { Language } from '../../shared/texts.ts'

type Words = Readonly<Record<keyof typeof english, string>>

const english = {
  run: 'Run',
  stop: 'Stop',
  download: 'Download',
  rehearsalHint:
    'Made-up people ask for a coupon of their own at this service. It is in no list, and its ' +
    'rows go when the rehearsal ends.',
  auditHint:
    'Reads the whole log, works out anew what it decides, and compares the rows and the events ' +
    'with it.',
  users: 'People who ask',
  quantity: 'How many can win',
  progress: 'How far it is',
  begunBy: 'Begun by {by}, {at}',
  endedAt: 'ended {at}',
  begins: 'It begins…',
  none: 'None was run yet.',
  allKept: 'Every promise was kept',
  broken: 'Promises were broken',
  unjudged: 'No promise was broken, and not all could be judged',
  stopped: 'It was stopped before its end',
  failed: 'It could not be done',
  kept: 'kept',
  notKept: 'broken',
  notJudged: 'not judged',
  I1: 'Never more winners than there are coupons.',
  I2: 'A yes that was told is kept, and stands in the rows.',
  I3: 'One coupon for each person.',
  I4: 'Places run from 1 without a gap, in the order of the log.',
  I5: 'Everyone gets one definite answer, and it never changes.',
  I6: 'Nobody is refused while there are coupons.',
  I7: 'Coupons, codes and events are what the log gives.',
  I8: 'Whoever was answered before another asked comes first.',
  I9: 'Nobody wins too early, and once open is open.',
  I10: 'Every order ends, by the steps that are allowed.',
  I11: 'The stock adds up and is never below zero.',
  I12: 'The money adds up.',
  I13: 'A coupon is used exactly when one order or redemption has it.',
  I14: 'Every message is done, waiting or a dead letter.',
  I15: 'Coupons are held and spent only as their terms allow.',
  makingTokens: 'Signing the people in',
  asking: 'Everyone asks',
  askingAgain: 'Whoever has no answer asks again',
  looking: 'Everyone looks at what they have',
  waiting: 'Waiting for the rows and the events',
  checkingLog: 'Checking the stored log',
  replaying: 'Reading the log',
  comparing: 'Comparing rows and events',
  replayingOrders: 'Reading the orders',
} as const

const korean: Words = {
  run: '실행',
  stop: '멈추기',
  download: '내려받기',
  rehearsalHint:
    '가상의 사람들이 이 서비스에서 예행연습용 쿠폰을 신청합니다. 그 쿠폰은 어떤 목록에도 없고, 끝나면 행도 사라집니다.',
  auditHint: '로그 전체를 읽어 결정을 다시 계산하고, 행과 이벤트를 그것과 비교합니다.',
  users: '신청하는 사람 수',
  quantity: '당첨될 수 있는 수',
  progress: '진행 정도',
  begunBy: '{by} 시작, {at}',
  endedAt: '{at} 끝남',
  begins: '시작하고 있습니다…',
  none: '아직 실행한 적이 없습니다.',
  allKept: '모든 약속이 지켜졌습니다',
  broken: '깨진 약속이 있습니다',
  unjudged: '깨진 약속은 없지만, 판단하지 못한 것이 있습니다',
  stopped: '끝나기 전에 멈추었습니다',
  failed: '실행하지 못했습니다',
  kept: '지켜짐',
  notKept: '깨짐',
  notJudged: '판단하지 못함',
  I1: '당첨자가 쿠폰 수보다 많아지지 않습니다.',
  I2: '당첨이라고 알린 것은 지켜지고 행에도 있습니다.',
  I3: '한 사람에 쿠폰 하나입니다.',
  I4: '순번은 1부터 빈틈없이, 로그의 순서대로입니다.',
  I5: '누구나 확정된 답을 하나 받고, 그 답은 바뀌지 않습니다.',
  I6: '쿠폰이 남아 있는 동안 거절되는 사람이 없습니다.',
  I7: '쿠폰과 코드와 이벤트는 로그에서 나온 그대로입니다.',
  I8: '남이 신청하기 전에 답을 받은 사람이 앞에 섭니다.',
  I9: '너무 일찍 당첨되는 사람이 없고, 한번 열리면 열려 있습니다.',
  I10: '모든 주문은 허용된 단계만 거쳐 끝납니다.',
  I11: '재고는 합이 맞고 0보다 작아지지 않습니다.',
  I12: '돈의 합이 맞습니다.',
  I13: '쿠폰은 주문이나 사용 하나가 가졌을 때만 쓴 것입니다.',
  I14: '모든 메시지는 처리되었거나, 기다리거나, 실패한 메시지로 남습니다.',
  I15: '쿠폰은 조건대로만 갖고 쓸 수 있습니다.',
  makingTokens: '사람들을 로그인시키는 중',
  asking: '모두 신청하는 중',
  askingAgain: '답을 받지 못한 사람이 다시 묻는 중',
  looking: '모두 자기 쿠폰을 확인하는 중',
  waiting: '행과 이벤트를 기다리는 중',
  checkingLog: '저장된 로그를 확인하는 중',
  replaying: '로그를 읽는 중',
  comparing: '행과 이벤트를 비교하는 중',
  replayingOrders: '주문을 읽는 중',
}

export const words: Readonly<Record<Language, Words>> = { en: english, ko: korean }

/** By how a step of the commands begins; the first that fits. */
const steps: readonly (readonly [string, keyof Words])[] = [
  ['Making tokens', 'makingTokens'],
  ['Asking again', 'askingAgain'],
  ['Asking everyone', 'looking'],
  ['Asking', 'asking'],
  ['Waiting', 'waiting'],
  ['Checking', 'checkingLog'],
  ['Replaying the orders', 'replayingOrders'],
  ['Replaying', 'replaying'],
  ['Comparing', 'comparing'],
]

export function stepText(step: string, language: Language): string {
  const known = steps.find(([begins]) => step.startsWith(begins))
  return known === undefined ? step : words[language][known[1]]
}
