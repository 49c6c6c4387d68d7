// The event page in states that seldom stay, and where a browser gives less than it might: each
// state for everybody in both languages, strict storage, frames, hidden tabs, no line, no mouse.

import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import type { Frame, Page } from 'playwright-core'
import { startedAt, startTestServer, tokenOf } from '../http/fixture.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'
import { startShop } from './shop.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const as = 'operator'
const longName =
  '여름 맞이 전 고객 대상 선착순 감사 할인 쿠폰 (온라인 및 오프라인 매장 공용, 1인 1매 한정)'
const tea = { couponId: 'tea', name: longName, quantity: 1_234_567 }
const small = { viewport: { width: 320, height: 640 } }
const wide = { viewport: { width: 1440, height: 900 } }
/** Of changes made elsewhere, of a line that broke or is back, and of a page that is seen again. */
const [changeMsMax, lineMsMax, seenMsMax] = [4_000, 5_000, 1_000]

async function says(page: Page | Frame, word: RegExp, timeout = changeMsMax): Promise<void> {
  const status = page.getByRole('main').getByRole('status')
  await status.filter({ hasText: word }).waitFor({ timeout })
}

/** In a state that stays: no fault for anybody, and nothing that moves. */
async function looksGood(page: Page, state: string): Promise<void> {
  const overflow = 'document.documentElement.scrollWidth - innerWidth'
  assert.equal(await page.evaluate(overflow), 0, `${state}: nothing stands out of the screen`)
  assert.deepEqual(await accessibilityFaults(page, `event-${state}`), [])
  assert.equal(await page.evaluate('document.getAnimations().length'), 0)
}

async function openTea(t: TestContext, options: Parameters<typeof openPage>[2]) {
  const opened = await openPage(t, browser, { reducedMotion: 'reduce', ...small, ...options })
  // Also what answers leave there: a page that asks as it should is told nothing wrong.
  opened.page.on('console', (message) => {
    if (message.type() === 'error') opened.faults.push(message.text())
  })
  return opened
}

const pending = { kind: 'pending' } as const
/** Each language on one of the screens. */
const inBoth: [string, { viewport: { width: number; height: number } }, ...RegExp[]][] = [
  ['en-US', wide, /opens/, /First come/, /asking/, /checking/, /yours/, /revoked/, /not eligible/],
  ['ko-KR', small, /시작/, /선착순/, /신청 중/, /확인 중/, /받았/, /회수/, /대상/],
]
for (const [locale, screen, before, open, asking, checking, won, revoked, notEligible] of inBoth) {
  test(`each state is for everybody, in ${locale}`, { skip }, async (t) => {
    assert.ok(before && open && asking && checking && won && revoked && notEligible)
    const { address, call, claims, time } = await startTestServer(t)
    const opensAt = new Date(startedAt + 3 * 86_400_000).toISOString()
    await call('POST /coupons', { as, json: { ...tea, opensAt } })
    const { page, faults } = await openTea(t, { locale, ...screen })
    await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
    await says(page, before)
    assert.match((await page.getByRole('timer').textContent()) ?? '', /^3(일| d) 0:00:00$/)
    assert.equal(await page.locator('main button:disabled').count(), 1)
    await looksGood(page, `before-${locale}`)
    await call('PATCH /coupons/tea', { as, json: { opensAt: new Date(time.now).toISOString() } })
    await says(page, open)
    assert.equal(await page.getByText('1,234,567').count(), 1)
    await looksGood(page, `open-${locale}`)

    const answer = Promise.withResolvers<typeof pending>()
    claims.claimAnswers.push(answer.promise)
    const button = page.locator('main button')
    const focused = () => page.evaluate('document.activeElement.className')
    for (let n = 0; n < 5 && (await focused()) !== 'button'; n++) await page.keyboard.press('Tab')
    const outline = 'getComputedStyle(document.activeElement).outlineStyle'
    assert.equal(await page.evaluate(outline), 'solid', 'who has no mouse sees where it is')
    await page.keyboard.press('Enter')
    await says(page, asking)
    await looksGood(page, `asking-${locale}`)
    const mine = claims.mine.bind(claims)
    claims.mine = () => pending
    answer.resolve(pending)
    await says(page, checking)
    await looksGood(page, `checking-${locale}`)
    claims.mine = mine
    await says(page, won)
    await looksGood(page, `won-${locale}`)
    const taken = { outcome: 'issued', slot: 1, code: 'CODE-1', status: 'revoked' }
    await page.route('**/claims/mine', (route) => route.fulfill({ json: taken }))
    await says(page, revoked)
    assert.equal(await page.getByText('CODE-1').count(), 0)
    await looksGood(page, `revoked-${locale}`)
    await page.unrouteAll()
    await page.goto(`${address}/events/tea#token=${tokenOf('bob')}`)
    claims.claimAnswers.push({ kind: 'not_eligible' })
    assert.deepEqual(faults, [])
    await button.click()
    await says(page, notEligible)
    await looksGood(page, `not-eligible-${locale}`)
    assert.equal(await button.count(), 0)
  })
}

const strictStorage = `Object.defineProperty(window, 'sessionStorage', {
  get() { throw new DOMException('forbidden', 'SecurityError') },
})`

test('a browser that keeps nothing gets the coupon all the same', { skip }, async (t) => {
  const { address, call, claims } = await startTestServer(t)
  await call('POST /coupons', { as, json: tea })
  const { page, context, faults } = await openTea(t, { locale: 'en-US' })
  await context.addInitScript(strictStorage)
  claims.claimAnswers.push({ kind: 'unavailable', reason: 'queue_full', retryAfterSeconds: 3 })
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await page.getByRole('button', { name: 'Get the coupon' }).click()
  await says(page, /busy/)
  assert.match((await page.getByRole('timer').textContent()) ?? '', /^00:0[1-3]$/)
  assert.deepEqual(await accessibilityFaults(page, 'event-busy-en'), [])
  await says(page, /yours/)
  // Chromium says that a request got 503, whoever looks at it.
  assert.deepEqual(
    faults.filter((text) => !text.includes('503')),
    [],
  )
})

test('a claim whose connection was ended as unused is sent again', { skip }, async (t) => {
  const { address, call } = await startTestServer(t)
  await call('POST /coupons', { as, json: tea })
  const { page } = await openTea(t, { locale: 'en-US' })
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  const json = { type: '/problems/request-timeout', status: 408 }
  await page.route('**/claims', (route) => route.fulfill({ status: 408, json }), { times: 1 })
  const claimed = page.waitForResponse((answer) => answer.status() === 408)
  await page.getByRole('button', { name: 'Get the coupon' }).click()
  await claimed
  await says(page, /yours/)
})

test('a frame takes a token from its parent alone, and asks for it', { skip }, async (t) => {
  let service = ''
  const told = "window.tell = (frame, data) => frame.postMessage(data, '*')"
  const heard = 'asked.push(event.data), window.coupon = event.source'
  const framed = () => `<!doctype html><html lang="en"><title>Shop</title>
<link rel="icon" href="data:,">
<script>window.asked = []; addEventListener('message', (event) => (${heard}))</script>
<iframe title="Coupon" src="${service}/events/tea"></iframe>
<iframe title="Other" srcdoc="<script>${told}</script>"></iframe>`
  const shop = await startShop(t, framed)
  const { address, call } = await startTestServer(t, { settings: { allowedOrigins: [shop] } })
  service = address
  await call('POST /coupons', { as, json: tea })
  const { page, faults } = await openTea(t, { locale: 'en-US' })
  await page.goto(shop)
  const frame = page.frames().find((one) => one.url().startsWith(address))
  assert.ok(frame)
  await says(frame, /sign in/)
  const wanted = { type: 'firstcome:token-wanted', couponId: 'tea' }
  assert.deepEqual(await page.evaluate('asked'), [wanted])
  const tell = (token: string | null) => JSON.stringify({ type: 'firstcome:token', token })
  await page.evaluate(`frames[1].tell(coupon, ${tell(tokenOf('eve'))})`)
  await page.evaluate(`coupon.postMessage(${tell('no.such.token')}, '*')`)
  await page.waitForFunction('asked.length === 2')
  await page.evaluate(`coupon.postMessage(${tell(tokenOf('ann'))}, '*')`)
  await says(frame, /First come/)
  await frame.getByRole('button', { name: 'Get the coupon' }).click()
  await says(frame, /yours/)
  const { code } = (await call('GET /coupons/tea/claims/mine', { as: 'ann' })).body
  await frame.getByText(String(code), { exact: true }).waitFor()
  await frame.getByRole('button', { name: 'Copy' }).click()
  await says(frame, /Copied|by hand/)
  await page.evaluate(`coupon.postMessage(${tell(null)}, '*')`)
  assert.deepEqual(faults, [])
})

test('a hidden page asks nothing, and is right as soon as it is seen', { skip }, async (t) => {
  const { address, call, time } = await startTestServer(t)
  const opensAt = new Date(startedAt + 600_000).toISOString()
  await call('POST /coupons', { as, json: { ...tea, opensAt } })
  const { page, faults } = await openTea(t, { locale: 'en-US' })
  await page.clock.install()
  let asked = 0
  page.on('request', () => asked++)
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await says(page, /opens/)
  const timer = page.getByRole('timer')
  await timer.filter({ hasText: '10:00' }).waitFor()
  const show = (isHidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true })
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`)
  await show(true)
  await page.waitForLoadState('networkidle')
  const before = asked
  await page.clock.runFor(60_000)
  assert.equal(asked, before)
  // Asleep, the clock of the page stood still for longer than that.
  time.now += 300_000
  await show(false)
  await timer.filter({ hasText: /^0(5:00|4:59)$/ }).waitFor({ timeout: seenMsMax })
  assert.deepEqual(faults, [])
})

test('without a line it says so, and is right soon after it is back', { skip }, async (t) => {
  const { address, call } = await startTestServer(t)
  await call('POST /coupons', { as, json: tea })
  const { page, context } = await openTea(t, { locale: 'ko-KR' })
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await says(page, /선착순/)
  await context.setOffline(true)
  await says(page, /오프라인/, lineMsMax)
  await looksGood(page, 'away-ko-KR')
  await call('POST /coupons/tea/pause', { as })
  await context.setOffline(false)
  await says(page, /중지/, lineMsMax)
  await looksGood(page, 'paused-ko-KR')
})
