// The page on which anybody checks a sale, in a real browser: a sale that holds, planted cheats,
// and what is said where it cannot be checked, in both languages.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { readSavedSale } from '../../../src/domain/proof/saved-sale.ts'
import { formatVerifierKey } from '../../../src/domain/proof/signed-note.ts'
import { consistencyProof } from '../../../src/domain/proof/tree.ts'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  keyOf,
  nodesOf,
  otherKey,
  ownKey,
  type Publication,
  prefix,
  proofSecret,
  publish,
} from '../../models/published-sale.ts'
import { promisedCheats, without } from '../../models/sale-cheats.ts'
import { startTestServer, tokenOf } from '../http/fixture.ts'
import { startProofServer } from '../http/proof-server.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const phone = { viewport: { width: 320, height: 640 } }
const honest = publish(honestLeaves())

function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true })
}

async function checked(page: Page, says: RegExp): Promise<string> {
  await page.getByRole('status').filter({ hasText: says }).waitFor({ timeout: 10_000 })
  return page.getByRole('main').innerText()
}

/** The page of a server whose public calls about the proof say this. */
async function servePage(page: Page, address: string, said: () => Publication): Promise<void> {
  await page.route('**/proof/*', async (route: Route) => {
    const { pathname, searchParams } = new URL(route.request().url())
    const { key, checkpoint, leaves } = said()
    const number = (name: string) => Number(searchParams.get(name))
    const entries = leaves.slice(number('from'), number('from') + number('limit'))
    const between = [number('from'), number('to'), nodesOf(leaves)] as const
    const isHashes = pathname.endsWith('/consistency')
    const hashes = isHashes ? consistencyProof(...between).map((one) => one.toString('base64')) : []
    const bodies: Record<string, string> = {
      key: `${key}\n`,
      keys: `${key}\n`,
      checkpoint,
      consistency: JSON.stringify({ hashes }),
      entries: entries.map((leaf) => `${leaf}\n`).join(''),
    }
    const body = bodies[pathname.replace(`/coupons/${couponId}/proof/`, '')]
    if (body === undefined) return route.continue()
    await route.fulfill({ body, contentType: 'text/plain; charset=utf-8' })
  })
  await page.goto(`${address}/events/${couponId}/proof`)
}

async function startCheckedServer(t: Parameters<typeof startTestServer>[0]): Promise<string> {
  const keys = async () => [keyOf(ownKey, prefix)]
  const proof = { prefix, keys, secret: proofSecret, reader: () => null }
  const { address, call } = await startTestServer(t, { proof })
  const json = { couponId, name: '여름 맞이 쿠폰', quantity: 3 }
  await call('POST /coupons', { as: 'operator', json })
  return address
}

test('a sale is checked from its event page, with the receipt of who looks', {
  skip,
}, async (t) => {
  const { address, claim, call, publish: sign } = await startProofServer(t)
  for (const user of ['bob', 'ann', 'cat']) await claim(user)
  await sign()
  const { page, context, faults } = await openPage(t, browser, { ...phone, locale: 'en-US' })
  await page.goto(`${address}/events/sale#token=${tokenOf('ann')}`)
  const opened = context.waitForEvent('page')
  await page.getByRole('link', { name: 'Check this sale' }).click()
  const proof = await opened
  proof.on('console', (message) => faults.push(message.text()))
  proof.on('pageerror', (error) => faults.push(String(error)))
  await button(proof, 'Get my receipt').click()
  await button(proof, 'Save my receipt').waitFor()
  await button(proof, 'Check').click()
  const english = await checked(proof, /is what its checkpoint says/)
  const words = [
    /4 entries make the root/,
    /signed by coupons\.example\/coupons\/sale\+/,
    /key that the service gives itself/,
    /Issued: 2 of 2, to the first different eligible askers/,
    /won 2, sold out 1/,
    /receipt of ann is of this tree, at its size 4/,
    /won #2/,
    /You won: your slot is 2/,
    /entry 0, .*: created with 2/,
    /Not proved/,
  ]
  for (const word of words) assert.match(english, word)
  const downloading = proof.waitForEvent('download')
  await button(proof, 'Save the checkpoint').click()
  const saved = readFileSync(await (await downloading).path(), 'utf8')
  assert.equal(saved, (await call('GET /coupons/sale/proof/checkpoint')).text)
  await button(proof, '한국어').click()
  const korean = await checked(proof, /체크포인트가 말하는 그대로/)
  assert.match(korean, /순번은 2/)
  assert.match(korean, /0번 항목, .*: 수량 2개로 만듦/)
  const width = await proof.evaluate<number>('document.documentElement.scrollWidth')
  assert.ok(width <= 320, `${width} px`)
  assert.deepEqual(faults, [])
})

test('each planted cheat is said, in both languages', { skip }, async (t) => {
  const address = await startCheckedServer(t)
  const { page, faults } = await openPage(t, browser, { locale: 'en-US' })
  let said = honest
  await servePage(page, address, () => said)
  await button(page, 'Check').click()
  await checked(page, /is what its checkpoint says/)
  for (const cheat of promisedCheats) {
    said = cheat.said
    const receipt = cheat.receipt === undefined ? '' : JSON.stringify(cheat.receipt)
    await page.getByLabel('Receipt', { exact: true }).fill(receipt)
    await button(page, 'Check').click()
    const english = await checked(page, /does not hold/)
    assert.match(english.replaceAll('\n', ' '), cheat.says, cheat.name)
    await button(page, '한국어').click()
    const korean = await checked(page, /맞지 않습니다/)
    assert.doesNotMatch(korean, /\{|does not|entry|receipt|undefined/, cheat.name)
    await button(page, '체크포인트 저장').waitFor()
    await button(page, 'English').click()
  }
  assert.deepEqual(faults, [])
})

/** What a button that has the focus lets the browser save. */
async function downloaded(page: Page, name: string): Promise<string> {
  const downloading = page.waitForEvent('download')
  await button(page, name).focus()
  await page.keyboard.press('Enter')
  return (await downloading).path()
}

test('what was saved is verified without the service, and compared with it later', {
  skip,
}, async (t) => {
  const { address, claim, publish: sign } = await startProofServer(t)
  for (const user of ['bob', 'ann']) await claim(user)
  await sign()
  const { page, faults } = await openPage(t, browser, { ...phone, locale: 'en-US' })
  await page.goto(`${address}/events/sale/proof`)
  await button(page, 'Check').press('Enter')
  await checked(page, /is what its checkpoint says/)
  const saved = readFileSync(await downloaded(page, 'Save the checkpoint'), 'utf8')
  const sale = await downloaded(page, 'Save the whole sale')
  await checked(page, /is what its checkpoint says/)
  assert.ok(readSavedSale(readFileSync(sale)))
  const program = join(import.meta.dirname, '../../../tools/verify-sale.mjs')
  const run = spawnSync(process.execPath, [program, sale, '--coupon', 'sale'], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stdout)

  const compare = button(page, 'Compare with now')
  await page.getByLabel('Saved checkpoint').fill(saved)
  await compare.press('Enter')
  assert.match(await checked(page, /stands by the checkpoint/), /the same 3 entries/)
  for (const user of ['cat', 'dan']) await claim(user)
  await sign()
  // A checkpoint may be kept for a second: not by who asks what holds now.
  await compare.press('Enter')
  await page.getByText(/begin the 5 of now/).waitFor({ timeout: 10_000 })
  // As somebody chooses its file another day.
  await page.reload()
  const file = { name: 'checkpoint.txt', mimeType: 'text/plain', buffer: Buffer.from(saved) }
  await page.getByLabel('Checkpoint file').setInputFiles(file)
  await compare.press('Enter')
  const english = await checked(page, /stands by the checkpoint that you saved/)
  assert.match(english, /The 3 entries that you saved begin the 5 of now/)
  assert.equal(await button(page, 'Save the whole sale').isVisible(), false)
  assert.deepEqual(await accessibilityFaults(page, 'proof-compared'), [])
  await button(page, '한국어').click()
  const korean = await checked(page, /지금도 그대로 이어 갑니다/)
  assert.match(korean, /저장한 항목 3개는 지금의 항목 5개의 앞부분입니다/)
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  assert.ok(width <= 320, `${width} px`)
  assert.deepEqual(faults, [])
})

test('a service that goes back on what was saved is told so, in both languages', {
  skip,
}, async (t) => {
  const address = await startCheckedServer(t)
  const { page, faults } = await openPage(t, browser, { locale: 'en-US' })
  let said = honest
  await servePage(page, address, () => said)
  const { leaves } = honest
  const at = (size: number) => checkpointOf(leaves.slice(0, size))
  const other = without(leaves, 2)
  const table: [said: Publication, saved: string, english: RegExp, korean: RegExp][] = [
    [
      publish(leaves.slice(0, 9)),
      at(16),
      /16 entries, and the service shows 9 now/,
      /되돌렸습니다/,
    ],
    [
      publish(leaves.slice(0, 15)),
      checkpointOf(other),
      /another tree of as many/,
      /같은 수의 다른/,
    ],
    [publish(other), at(9), /begins the one of 15 does not hold/, /증명이 틀립니다/],
    [honest, checkpointOf(leaves, otherKey), /signature is not by the key/, /서명이 아닙니다/],
  ]
  for (const [now, saved, english, korean] of table) {
    said = now
    await page.getByLabel('Saved checkpoint').fill(saved)
    await button(page, 'Compare with now').click()
    assert.match(await checked(page, /does not hold/), english)
    await button(page, '한국어').click()
    const told = await checked(page, /맞지 않습니다/)
    assert.match(told, korean)
    assert.doesNotMatch(told, /\{|does not|undefined/)
    await button(page, '체크포인트 저장').waitFor()
    await button(page, 'English').click()
  }
  await page.getByLabel('Saved checkpoint').fill('what is it')
  await button(page, 'Compare with now').click()
  assert.match(await checked(page, /could not be checked/), /is no signed checkpoint/)
  assert.deepEqual(faults, [])
})

test('what cannot be checked is said, and is no fault of the sale', { skip }, async (t) => {
  const address = await startCheckedServer(t)
  const { page, context, faults } = await openPage(t, browser, { locale: 'ko-KR' })
  let said = honest
  await servePage(page, address, () => said)
  const check = button(page, '확인하기')
  const says = async (text: RegExp) => {
    await check.click()
    await page.getByText(text).waitFor({ timeout: 10_000 })
    await page.getByRole('status').filter({ hasText: '확인할 수 없었습니다' }).waitFor()
  }
  await page.getByLabel('영수증', { exact: true }).fill('{"couponId": 1}')
  await says(/영수증이 아닙니다/)
  await page.getByLabel('영수증', { exact: true }).fill('')
  await page.getByLabel('검증 키').fill('ssh-ed25519 AAAA')
  await says(/검증 키가 아닙니다/)
  await page.getByLabel('검증 키').fill(formatVerifierKey(keyOf(otherKey)))
  await check.click()
  assert.match(await checked(page, /맞지 않습니다/), /서명이 아닙니다/)
  await page.getByLabel('검증 키').fill(formatVerifierKey(keyOf(ownKey)))
  await check.click()
  assert.match(await checked(page, /그대로입니다/), /직접 넣은 키/)
  said = { ...honest, leaves: honest.leaves.slice(0, 3) }
  await check.click()
  await checked(page, /맞지 않습니다/)
  await context.setOffline(true)
  await page.unroute('**/proof/*')
  await says(/연결할 수 없습니다/)
  assert.deepEqual(faults, [])
})
