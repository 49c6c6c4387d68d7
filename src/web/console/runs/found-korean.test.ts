import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantedSales } from '../../../../test/models/rehearsals/planted-sales.ts'
import { sound } from '../../../../test/models/rehearsals/sale-evidence.ts'
import { reconcileSale } from '../../../rehearsal/coupons/sale-promises.ts'
import { inKorean } from './found-korean.ts'

test('whatever a rehearsal finds is said in Korean, broken or not', () => {
  const cut = { ...sound(), after: null }
  const atOnce = sound().entries.map((one) => ({ ...one, firstSentAt: 0, sentAt: 0, endedAt: 9 }))
  const evidences = plantedSales.map(([, evidence]) => evidence)
  for (const evidence of [sound(), cut, { ...sound(), entries: atOnce }, ...evidences]) {
    for (const { detail, breaches } of reconcileSale(evidence)) {
      for (const text of [detail, ...breaches]) {
        const korean = inKorean(text) ?? assert.fail(`not in Korean: ${text}`)
        assert.match(korean, /[가-힣]/, text)
        assert.doesNotMatch(korean, /[{}]/, text)
      }
    }
  }
})

test('figures and names stand where Korean has them, and pieces are said in Korean, too', () => {
  const table = [
    ['300 of 1,000 asks', '신청 1,000건 중 300건'],
    ['1 code', '코드 1개'],
    ['3 of "Tea", percent 10 off', '"Tea" 3장, 10% 할인'],
    ['not judged: nobody asked after another was answered', /^판단하지 못함: 남이 답을/],
    ['ann was told slot 1, then sold out', 'ann: 들은 답은 순번 1, 그 뒤에는 소진'],
    ['it took longer than 90 s', '90초보다 오래 걸렸습니다'],
    ['12 differences', '차이 12개'],
    ['connect ECONNREFUSED', null],
  ] as const
  for (const [english, korean] of table) {
    const said = inKorean(english)
    if (korean instanceof RegExp) assert.match(said ?? '', korean)
    else assert.equal(said, korean)
  }
})
