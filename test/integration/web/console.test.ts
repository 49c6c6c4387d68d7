// The console in a real browser: signing in by a link and by a token, a sale watched, a service
// that goes and comes back, in both languages.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { createConsoleCodesMemory } from '../../../src/adapters/memory/console-codes.ts'
import { startTestServer, tokenOf } from '../http/fixture.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const as = 'operator'
const tea = { couponId: 'tea', name: '여름 맞이 선착순 쿠폰', quantity: 1_500 }

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
  assert.deepEqual(await accessibilityFaults(page), [])
  assert.ok(bytes > 10_000 && bytes < 120_000, `${bytes} bytes`)
  const kept = await page.evaluate<string>('document.cookie + localStorage.length')
  assert.equal(kept, '0')
  await page.reload()
  await region.getByText('중지', { exact: true }).waitFor()
  await button(page, '로그아웃').click()
  await page.getByLabel('토큰').waitFor()
  assert.deepEqual(faults, [])
})

test('a token signs in, and a service that goes and comes is said', { skip }, async (t) => {
  const first = await startTestServer(t)
  const port = Number(new URL(first.address).port)
  const { page, faults } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${first.address}/`)
  const signIn = async (token: string) => {
    await page.getByLabel('Token').fill(token)
    await button(page, 'Sign in').click()
  }
  await signIn(tokenOf('ann'))
  await page.getByRole('alert').getByText('scope').waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
  await signIn(tokenOf('operator'))
  await page.getByText('There are no coupons yet.').waitFor()
  const away = page.getByText(/connection/i)
  assert.equal(await away.count(), 0)
  assert.deepEqual(await accessibilityFaults(page), [])
  await first.close()
  await away.waitFor({ timeout: 5_000 })
  assert.deepEqual(await accessibilityFaults(page), [])
  const { call } = await startTestServer(t, { settings: { port } })
  await call('POST /coupons', { as, json: tea })
  await page.getByRole('button', { name: tea.name }).waitFor({ timeout: 5_000 })
  assert.equal(await away.count(), 0)
  assert.deepEqual(faults, [])
})
