// What the page of the proof says, in both languages: one entry a text, so that none can miss in
// one of them. What is wrong with a sale is said elsewhere (told-korean.ts).

import type { Language } from '../shared/texts.ts'

export type Word = keyof typeof english
export type Words = Readonly<Record<Word, string>>

const english = {
  title: 'Check this sale',
  lead:
    'Your browser reads every record of this sale, as everybody may, and works out by itself ' +
    'who had to win. This page itself comes from the service: who wants to rely on nothing of it ' +
    'checks with “firstcome verify”, or with a program of their own.',
  receipt: 'Receipt',
  receiptHint:
    'What you were given to hold against the sale, as text or as a file. It stays in your browser.',
  file: 'Receipt file',
  fetchReceipt: 'Get my receipt',
  saveReceipt: 'Save my receipt',
  noReceiptYet: 'Your receipt could not be had now ({status}). Try again in a moment.',
  key: 'Verifier key',
  keyHint:
    'If you have it from elsewhere: <name>+<id>+<base64>. Otherwise the key is taken that the ' +
    'service gives itself, and that is said.',
  check: 'Check',
  stop: 'Stop',
  saveCheckpoint: 'Save the checkpoint',
  saveSale: 'Save the whole sale',
  saved: 'Saved checkpoint',
  savedHint:
    'One that you saved earlier, as text or as a file: does the service still stand by it? It ' +
    'takes a moment, however large the sale is.',
  savedFile: 'Checkpoint file',
  compare: 'Compare with now',
  idle: 'Nothing was checked yet.',
  begun: 'Reading the signed checkpoint…',
  progress: 'Checked {taken} of {size} entries.',
  stopped: 'The check was stopped.',
  holds: 'This sale is what its checkpoint says.',
  holdsUnsigned: 'All adds up, but this browser cannot check the signature.',
  goesOn: 'The service stands by the checkpoint that you saved.',
  goesOnUnsigned: 'The trees fit, but this browser cannot check the signatures.',
  wrong: 'This sale does not hold.',
  failed: 'It could not be checked.',
  unreachable: 'The service cannot be reached. Try again.',
  refused: 'The service answered {status}. Try again in a moment.',
  noProof: 'There is no such coupon, or no proof of it.',
  noReceipt: 'What you gave as a receipt is no receipt.',
  noSaved: 'What you gave as a saved checkpoint is no signed checkpoint.',
  noKey: 'That is no verifier key: <name>+<id>+<base64>, one a line.',
  broken: 'This browser could not run the check. Try a newer one, or the command line.',
  found: 'What is wrong',
  leftOut: 'and {count} more entries that do not follow',
  keepIt: 'Save the checkpoint: it is evidence, for the service has signed it.',
  proved: 'Proved',
  entries: '{size} entries make the root {root}.',
  signed: 'It is signed by {key}.',
  unsigned:
    'Not checked: whether {key} has signed it. This browser has no Ed25519, or has it on https ' +
    'pages alone; a newer one has, and so has “firstcome verify”.',
  begins:
    'The {size} entries that you saved begin the {now} of now: none of them was changed, moved ' +
    'or left out.',
  sameTree: 'The service shows the same {size} entries with the same root: none came since.',
  ownKey: 'That is the key that the service gives itself: compare it with one from elsewhere.',
  givenKey: 'That is the key that you gave.',
  others: '{count} more signatures stand beside it; they are not checked here.',
  winners:
    'Issued: {issued} of {quantity}, to the first different eligible askers in the order of the ' +
    'log, and to nobody else.',
  state: 'By the clock of the log it was {status} at {at}.',
  claims: 'Claims, each with the outcome that those before it make: {claims}.',
  none: 'none',
  ignored: 'Acts that were refused or changed nothing: {count}.',
  place: 'Your place',
  ofThisTree: 'The receipt of {user} is of this tree, at its size {size}.',
  who: 'You are {who} there.',
  ownClaims: 'Your entries: {claims}.',
  noClaims: 'No claim of yours is in it.',
  allGone: 'All were gone by then: who asks after that is not recorded.',
  isClosed: 'The coupon was closed by then: who asks after that is not recorded.',
  slot: 'You won: your slot is {slot}.',
  noSlot: 'You won no slot.',
  acts: 'Every act, where it happened',
  actsLeftOut: 'and {count} more, all checked',
  notProved: 'Not proved',
  notFollowed: 'That the entries since then follow from those before: check the sale for that.',
  twoAccounts: 'That two “who” are two people: one may have two accounts, and two people one.',
  beforeLog:
    'What happened before the log: a claim that never reached it, or that was refused from ' +
    'memory because all was gone.',
  clock: 'That the clock of the log was right.',
  splitView:
    'That everybody is shown this tree. Save the checkpoint and compare it with that of others.',
  audience: 'Who belongs to the audience: the service takes that from tokens.',
  thisPage:
    'That this page is what its source says: the service sends it. “firstcome verify”, or the ' +
    'hundred lines of tools/verify-sale.mjs, do the same on a machine of yours.',
  scheduled: 'scheduled',
  open: 'open',
  paused: 'paused',
  closed: 'closed',
  absent: 'not there',
  issued: 'won {count}',
  already_issued: 'had won already {count}',
  told_closed: 'closed {count}',
  not_open: 'not open {count}',
  told_paused: 'paused {count}',
  not_eligible: 'not eligible {count}',
  sold_out: 'sold out {count}',
} as const

const korean: Words = {
  title: '이 판매 확인하기',
  lead:
    '브라우저가 누구나 볼 수 있는 이 판매의 기록을 모두 읽고, 누가 당첨되어야 했는지 스스로 ' +
    '계산합니다. 다만 이 페이지도 서비스가 보낸 것입니다. 서비스를 전혀 믿지 않으려면 ' +
    '“firstcome verify”나 직접 만든 프로그램으로 확인하세요.',
  receipt: '영수증',
  receiptHint:
    '판매와 맞춰 보라고 받은 것을 붙여 넣거나 파일로 여세요. 브라우저 밖으로 나가지 않습니다.',
  file: '영수증 파일',
  fetchReceipt: '내 영수증 가져오기',
  saveReceipt: '내 영수증 저장',
  noReceiptYet: '지금은 영수증을 받을 수 없습니다({status}). 잠시 뒤에 다시 해 보세요.',
  key: '검증 키',
  keyHint:
    '다른 곳에서 받은 키가 있다면: <name>+<id>+<base64>. 없으면 서비스가 스스로 알려 주는 키를 쓰고, ' +
    '그렇다고 말합니다.',
  check: '확인하기',
  stop: '멈추기',
  saveCheckpoint: '체크포인트 저장',
  saveSale: '판매 전체 저장',
  saved: '저장한 체크포인트',
  savedHint:
    '전에 저장한 것을 붙여 넣거나 파일로 여세요. 서비스가 지금도 그대로인지 확인합니다. 판매가 커도 금방 ' +
    '끝납니다.',
  savedFile: '체크포인트 파일',
  compare: '지금과 비교하기',
  idle: '아직 아무것도 확인하지 않았습니다.',
  begun: '서명된 체크포인트를 읽는 중…',
  progress: '항목 {size}개 중 {taken}개를 확인했습니다.',
  stopped: '확인을 멈췄습니다.',
  holds: '이 판매는 체크포인트가 말하는 그대로입니다.',
  goesOn: '서비스는 저장한 체크포인트를 지금도 그대로 이어 갑니다.',
  goesOnUnsigned: '트리는 이어지지만, 이 브라우저는 서명을 확인할 수 없습니다.',
  holdsUnsigned: '계산은 모두 맞지만, 이 브라우저는 서명을 확인할 수 없습니다.',
  wrong: '이 판매는 맞지 않습니다.',
  failed: '확인할 수 없었습니다.',
  unreachable: '서비스에 연결할 수 없습니다. 다시 해 보세요.',
  refused: '서비스가 {status}로 답했습니다. 잠시 뒤에 다시 해 보세요.',
  noProof: '없는 쿠폰이거나, 증명이 없는 쿠폰입니다.',
  noReceipt: '영수증으로 넣은 것이 영수증이 아닙니다.',
  noSaved: '저장한 체크포인트로 넣은 것이 서명된 체크포인트가 아닙니다.',
  noKey: '검증 키가 아닙니다. 한 줄에 하나씩: <name>+<id>+<base64>',
  broken: '이 브라우저에서는 확인을 실행할 수 없었습니다. 더 새 브라우저나 명령줄을 쓰세요.',
  found: '틀린 것',
  leftOut: '그 밖에 맞지 않는 항목 {count}개',
  keepIt: '체크포인트를 저장하세요. 서비스가 서명한 증거입니다.',
  proved: '증명된 것',
  entries: '항목 {size}개로 루트 {root} 이 나옵니다.',
  signed: '{key} 가 서명했습니다.',
  unsigned:
    '확인하지 못한 것: {key} 가 서명했는지. 이 브라우저에는 Ed25519가 없거나 https 페이지에만 ' +
    '있습니다. 더 새 브라우저나 “firstcome verify”로 확인할 수 있습니다.',
  begins:
    '저장한 항목 {size}개는 지금의 항목 {now}개의 앞부분입니다. 바뀌거나 옮겨지거나 빠진 것이 없습니다.',
  sameTree: '서비스가 같은 항목 {size}개와 같은 루트를 보여 줍니다. 그 뒤로 더해진 것이 없습니다.',
  ownKey: '서비스가 스스로 알려 준 키입니다. 다른 곳에서 받은 키와 비교하세요.',
  givenKey: '직접 넣은 키입니다.',
  others: '옆에 서명이 {count}개 더 있습니다. 여기서는 확인하지 않습니다.',
  winners:
    '{quantity}개 중 {issued}개가 로그의 순서대로 가장 먼저 신청한, 자격 있는 서로 다른 사람에게 ' +
    '발급되었고, 다른 누구에게도 발급되지 않았습니다.',
  state: '로그의 시계로 {at}에 {status} 상태였습니다.',
  claims: '신청마다 앞선 항목에 따른 결과가 맞습니다: {claims}.',
  none: '없음',
  ignored: '거절되었거나 아무것도 바꾸지 않은 조작: {count}개.',
  place: '내 자리',
  ofThisTree: '{user}의 영수증은 이 트리의 크기 {size}일 때의 것입니다.',
  who: '거기에서 나는 {who} 입니다.',
  ownClaims: '내 항목: {claims}.',
  noClaims: '내 신청은 들어 있지 않습니다.',
  allGone: '그때는 모두 소진되었습니다. 그 뒤의 신청은 기록되지 않습니다.',
  isClosed: '그때는 종료되었습니다. 그 뒤의 신청은 기록되지 않습니다.',
  slot: '당첨되었습니다. 순번은 {slot}입니다.',
  noSlot: '당첨되지 않았습니다.',
  acts: '모든 조작과 그 자리',
  actsLeftOut: '그 밖에 {count}개, 모두 확인함',
  notProved: '증명되지 않은 것',
  notFollowed: '그 뒤의 항목이 앞선 항목에 따른다는 것. 그것은 판매 확인으로 알 수 있습니다.',
  twoAccounts:
    '두 “who”가 두 사람이라는 것. 한 사람이 계정 둘을, 두 사람이 계정 하나를 쓸 수 있습니다.',
  beforeLog:
    '로그 전에 있었던 일. 로그에 닿지 못한 신청이나, 모두 소진되어 바로 거절된 신청은 여기에 없습니다.',
  clock: '로그의 시계가 맞았다는 것.',
  splitView:
    '모두에게 이 트리를 보여 준다는 것. 체크포인트를 저장해서 다른 사람의 것과 비교하세요.',
  audience: '누가 대상인지. 서비스는 토큰에서 그것을 읽습니다.',
  thisPage:
    '이 페이지가 공개된 소스 그대로라는 것. 서비스가 보내는 페이지입니다. “firstcome verify”나 백 줄짜리 ' +
    'tools/verify-sale.mjs 로 자신의 컴퓨터에서 똑같이 확인할 수 있습니다.',
  scheduled: '예정',
  open: '진행',
  paused: '중지',
  closed: '종료',
  absent: '없음',
  issued: '당첨 {count}',
  already_issued: '이미 당첨 {count}',
  told_closed: '종료됨 {count}',
  not_open: '시작 전 {count}',
  told_paused: '중지됨 {count}',
  not_eligible: '대상 아님 {count}',
  sold_out: '소진됨 {count}',
}

export const words: Readonly<Record<Language, Words>> = { en: english, ko: korean }
