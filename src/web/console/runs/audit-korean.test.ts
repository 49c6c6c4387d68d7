import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindings } from '../../../audit/findings.ts'
import * as english from '../../../audit/sentences.ts'
import { auditInKorean, pieces, sentences, subjects } from './audit-korean.ts'

const samples: Readonly<Record<string, string>> = {
  n: '31',
  m: '-7',
  k: '1000',
  j: '52',
  i: '64',
  s: 'closed',
  t: 'confirmed',
  p: 'stock',
  q: 'of another shop',
  x: 'tea',
  y: 'ann',
  z: '{"at":"2027-01-01T00:00:00.000Z"}',
  w: 'c-9',
}
const korean: Readonly<Record<string, string>> = {
  closed: '종료',
  confirmed: '확정',
  stock: '재고',
}

function filled(text: string, isKorean = false): string {
  return text.replace(/\{(\w)\}/g, (_, name: string) => {
    const sample = samples[name] ?? ''
    return isKorean ? (korean[sample] ?? sample) : sample
  })
}

/** Of these no word is left. */
const signsOnly = ['{n} to {m}', '{x} with {n}']

test('an audit says nothing that has no Korean text, and no text is of nothing', () => {
  for (const [said, texts] of [
    [english.sentences, sentences],
    [english.pieces, pieces],
    [english.subjects, subjects],
  ] as const) {
    assert.deepEqual(Object.keys(texts).toSorted(), said.toSorted())
  }
  for (const [said, text] of Object.entries({ ...sentences, ...pieces, ...subjects })) {
    const values = (one: string) => (one.match(/\{\w\}/g) ?? []).toSorted()
    assert.deepEqual(values(text), values(said), said)
    if (!signsOnly.includes(said)) assert.match(text, /[가-힣]/)
  }
  // @ts-expect-error: a sentence that the tables do not have
  createFindings().add('I1', {}, 'it is not like the others')
})

test('each sentence is said in Korean with its figures and names, whatever it is about', () => {
  for (const [said, text] of Object.entries(sentences)) {
    assert.equal(auditInKorean(filled(said)), filled(text, true))
    for (const [about, aboutText] of Object.entries(subjects)) {
      const found = `${filled(about)}: ${filled(said)}`
      assert.equal(auditInKorean(found), `${filled(aboutText, true)}: ${filled(text, true)}`)
    }
    assert.equal(auditInKorean(`tea-7: ${filled(said)}`), `tea-7: ${filled(text, true)}`)
  }
})

test('a sentence says its pieces in Korean, and what no table has is left alone', () => {
  for (const [said, text] of Object.entries(pieces)) {
    if (!said.includes('{')) continue
    const found = auditInKorean(`order o-1: its row has ${filled(said)}`)
    assert.equal(found, `주문 o-1: 행이 다릅니다. ${filled(text, true)}`)
  }
  assert.equal(auditInKorean('2 differences'), '차이 2개')
  assert.equal(auditInKorean('connect ECONNREFUSED: 127.0.0.1'), null)
})
