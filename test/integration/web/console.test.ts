// The console in a real browser: signing in by a link and by a token, a sale watched, a service
// that goes and comes back, in both languages.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createConsoleCodesMemory } from '../../../src/adapters/memory/console-codes.ts'
import { startTestServer, tokenOf } from '../http/fixture.ts'
import { signIn } from './browsed-service.ts'
import { accessibilityFaults, browserForTests, keepPicture, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const as = 'operator'
const tea = { couponId: 'tea', name: '여름 맞이 선착순 쿠폰', quantity: 1_500 }
const longName =
  '여름 맞이 전 고객 대상 선착순 감사 할인 쿠폰 (온라인 및 오프라인 매장 공용, 1인 1매 한정)'

function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true })
}

test('a sale is watched by a link, in Korean', { skip }, async (t) => {
  const consoleCodes = createConsoleCodesMemory(systemClock())
  const { address, call } = await startTestServer(t, { consoleCodes })
  await call('POST /coupons', { as, json: tea })
  const { code } = (await call('POST /console/codes', { as })).body
  const { page, faults } = await openPage(t, browser, { locale: 'ko-KR' })
  let bytes = 0
  page.on('response', (response) => {
    const url = new URL(response.url())
    assert.equal(url.origin, address)
    bytes += Number(response.headers()['content-length'] ?? 0)
  })
  await page.goto(`${address}/console#code=${String(code)}`)
  await page.getByRole('button', { name: tea.name }).click()
  assert.equal(page.url(), `${address}/console`)
  const region = page.getByRole('region', { name: tea.name })
  await region.getByText('진행', { exact: true }).waitFor()
  await region.getByText('1,500 / 1,500').waitFor()
  await call('POST /coupons/tea/claims', { as: 'ann' })
  await region.getByText('1,499 / 1,500').waitFor({ timeout: 2_000 })
  await call('POST /coupons/tea/pause', { as })
  await region.getByText('중지', { exact: true }).waitFor({ timeout: 2_000 })
  await call('POST /coupons', { as, json: { ...tea, couponId: 'oat', name: 'Oat' } })
  await page.getByRole('button', { name: 'Oat' }).waitFor({ timeout: 4_000 })
  assert.deepEqual(await accessibilityFaults(page, 'sale-paused-ko'), [])
  assert.ok(bytes > 10_000 && bytes < 120_000, `${bytes} bytes`)
  const kept = await page.evaluate<string>('document.cookie + localStorage.length')
  assert.equal(kept, '0')
  await page.reload()
  await region.getByText('중지', { exact: true }).waitFor()
  await button(page, '로그아웃').click()
  await page.getByLabel('토큰').waitFor()
  assert.deepEqual(faults, [])
})

test('a sale is on one screen, however many coupons there are', { skip }, async (t) => {
  const { address, call } = await startTestServer(t)
  for (let n = 0; n < 10; n++) {
    const json = { couponId: `c-${n}`, name: `${longName} ${n}`, quantity: 1_234_567 }
    await call('POST /coupons', { as, json })
  }
  const { page, context, faults } = await openPage(t, browser, { locale: 'ko-KR' })
  await signIn(context, address, tokenOf('operator'))
  await page.goto(`${address}/console`)
  const list = page.getByRole('navigation', { name: '쿠폰', exact: true })
  await list.getByRole('button').nth(9).click()
  await page.locator('canvas').nth(2).waitFor()
  const region = page.getByRole('region', { name: `${longName} 9` })
  const figures = region.getByText('1,234,567 / 1,234,567', { exact: true })
  const sizes = `JSON.stringify(['html', 'main', 'nav.coupons ul'].map((one) => {
    const { scrollHeight, clientHeight, scrollWidth, clientWidth } = document.querySelector(one)
    return [scrollHeight > clientHeight, scrollWidth > clientWidth]
  }))`
  const isOneLine = async () => ((await figures.boundingBox())?.height ?? 99) < 90
  for (const [width, height] of [
    [1440, 900],
    [1280, 720],
  ] as const) {
    await page.setViewportSize({ width, height })
    const all = [page.locator('.charts'), button(page, '회수'), list.getByRole('button').nth(9)]
    const boxes = await Promise.all(all.map((one) => one.boundingBox()))
    for (const box of boxes) assert.ok(box !== null && box.y >= 0 && box.y + box.height <= height)
    const [screen, beside, coupons] = JSON.parse(await page.evaluate(sizes)) as boolean[][]
    assert.deepEqual([screen, beside, coupons?.[0]], [[false, false], [false, false], true])
    assert.ok(await isOneLine())
    await keepPicture(page, `sale-of-ten-${width}`)
  }
  await page.setViewportSize({ width: 320, height: 640 })
  const narrow = JSON.parse(await page.evaluate(sizes)) as boolean[][]
  assert.deepEqual([narrow[0], narrow[2]?.[0]], [[true, false], true])
  assert.ok(await isOneLine())
  assert.deepEqual(await accessibilityFaults(page, 'sale-of-ten-320'), [])
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.reload()
  await list.getByRole('button').nth(9).waitFor()
  const chosen = await list.getByRole('button').nth(9).boundingBox()
  assert.ok(chosen !== null && chosen.y + chosen.height <= 720, 'the one that was chosen is seen')
  assert.deepEqual(faults, [])
})

test('a token signs in, and a service that goes and comes is said', { skip }, async (t) => {
  const first = await startTestServer(t)
  const port = Number(new URL(first.address).port)
  const { page, faults } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${first.address}/`)
  const typeToken = async (token: string) => {
    await page.getByLabel('Token').fill(token)
    await button(page, 'Sign in').click()
  }
  await typeToken(tokenOf('ann'))
  await page.getByRole('alert').getByText('scope').waitFor()
  assert.deepEqual(await accessibilityFaults(page, 'sign-in'), [])
  await typeToken(tokenOf('operator'))
  await page.getByText('There are no coupons yet.').waitFor()
  const away = page.getByText(/connection/i)
  assert.equal(await away.count(), 0)
  assert.deepEqual(await accessibilityFaults(page, 'sale-empty'), [])
  await first.close()
  await away.waitFor({ timeout: 5_000 })
  assert.deepEqual(await accessibilityFaults(page, 'sale-away'), [])
  const { call } = await startTestServer(t, { settings: { port } })
  await call('POST /coupons', { as, json: tea })
  await page.getByRole('button', { name: tea.name }).waitFor({ timeout: 5_000 })
  assert.equal(await away.count(), 0)
  assert.deepEqual(faults, [])
})
