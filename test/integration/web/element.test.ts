// `<firstcome-claim>` on a shop's own page, of another origin: it gets the coupon with the token of
// the shop, whenever that was given, and says it in the language of the page.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestServer, tokenOf } from '../http/fixture.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'
import { startShop } from './shop.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const as = 'operator'
const tea = { couponId: 'tea', name: '여름 맞이 쿠폰', quantity: 1_235 }

type Shop = { lang: string; before?: string; after?: string }

/** `before` and `after` the module has run: scripts of the shop's page. */
function shopPage(service: string, { lang, before = '', after: later = '' }: Shop): string {
  return `<!doctype html><html lang="${lang}"><title>Shop</title><link rel="icon" href="data:,">
<main><h1>Shop</h1><firstcome-claim coupon="tea"></firstcome-claim></main>
<script>const claim = document.querySelector('firstcome-claim'); ${before}</script>
<script type="module" src="${service}/firstcome-claim.js"></script>
<script type="module">${later}</script>`
}

async function says(page: Page, word: RegExp): Promise<void> {
  const status = page.locator('firstcome-claim').getByRole('status')
  await status.filter({ hasText: word }).waitFor({ timeout: 4_000 })
}

test('the element gets a coupon on the page of a shop, with its token', { skip }, async (t) => {
  let html = ''
  const shop = await startShop(t, () => html)
  const { address, call, claims } = await startTestServer(t, {
    settings: { allowedOrigins: [shop] },
  })
  await call('POST /coupons', { as, json: tea })
  const { page, faults } = await openPage(t, browser, { locale: 'en-US' })
  const open = async (given: Shop) => {
    html = shopPage(address, given)
    await page.goto(shop)
  }
  const element = page.locator('firstcome-claim')
  const button = element.getByRole('button')

  await open({ lang: 'en' })
  await says(page, /sign in/i)
  assert.equal(await button.textContent(), 'Sign in')
  await page.evaluate(`claim.token = async () => '${tokenOf('ann')}'`)
  await says(page, /first come/i)
  await element.getByText('1,235').waitFor()
  assert.deepEqual(await accessibilityFaults(page, 'element-open'), [])
  await button.dblclick()
  await says(page, /yours/)
  const { code } = (await call('GET /coupons/tea/claims/mine', { as: 'ann' })).body
  await element.getByText(String(code), { exact: true }).waitFor()
  assert.equal(claims.appended.filter(({ type }) => type === 'coupon.claimed').length, 1)
  await button.click()
  await says(page, /Copied/)
  assert.deepEqual(await accessibilityFaults(page, 'element-won'), [])

  await open({ lang: 'ko-KR', before: `claim.token = () => '${tokenOf('bob')}'` })
  await says(page, /선착순/)
  await call('POST /coupons/tea/pause', { as })
  await says(page, /중지/)
  assert.equal(await button.count(), 0)
  await call('POST /coupons/tea/resume', { as })
  await button.click()
  await says(page, /받았/)
  await open({ lang: 'ko', after: "claim.token = () => { throw new Error('no') }" })
  await says(page, /로그인/)
  assert.deepEqual(faults, [])
})
