// The event page in a real browser: how somebody gets a coupon there, and what the page says while
// it opens, is sold out, paused, or cannot reach the service.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startedAt, startTestServer, tokenOf } from '../http/fixture.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const as = 'operator'
const tea = { couponId: 'tea', name: '여름 맞이 쿠폰', quantity: 1_235 }
const phone = { viewport: { width: 390, height: 844 } }
/** Of changes that were made elsewhere, of a line that broke, and of one that is back. */
const [changeMsMax, awayMsMax, backMsMax] = [4_000, 5_000, 5_000]

/** As browsers' own tools have them for phones: 150 ms for a round trip, 1.6 Mbit/s. */
const slowLine = { offline: false, latency: 150, downloadThroughput: 2e5, uploadThroughput: 1e5 }
const firstSightMsMax = 1_000
const firstSight = `performance.getEntriesByName('first-contentful-paint')[0].startTime`

function status(page: Page) {
  return page.getByRole('main').getByRole('status')
}

async function says(page: Page, word: RegExp, timeout = changeMsMax): Promise<void> {
  await status(page).filter({ hasText: word }).waitFor({ timeout })
}

/** The same, in a state that stays for a while: everybody can make it out. */
async function saysToAll(page: Page, word: RegExp): Promise<void> {
  await says(page, word)
  assert.deepEqual(await accessibilityFaults(page, `event-${word.source}`), [])
}

test('a coupon is got by a link with one claim, and stays', { skip }, async (t) => {
  const { address, call, claims } = await startTestServer(t)
  await call('POST /coupons', { as, json: tea })
  const { page, faults } = await openPage(t, browser, { ...phone, locale: 'en-US' })
  let bytes = 0
  page.on('response', (response) => {
    assert.equal(new URL(response.url()).origin, address)
    bytes += Number(response.headers()['content-length'] ?? 0)
  })
  await page.goto(`${address}/events/tea`)
  await saysToAll(page, /sign in/)
  assert.equal(await page.getByRole('button', { name: 'Get the coupon' }).count(), 0)
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await page.getByRole('main').getByText('1,235').waitFor()
  assert.equal(page.url(), `${address}/events/tea`, 'the token does not stay in the address')
  assert.ok(bytes > 1_000 && bytes < 40_000, `${bytes} bytes`)
  const get = page.getByRole('button', { name: 'Get the coupon' })
  await get.dblclick()
  await saysToAll(page, /yours/)
  const { code } = (await call('GET /coupons/tea/claims/mine', { as: 'ann' })).body
  await page.getByRole('main').getByText(String(code), { exact: true }).waitFor()
  assert.equal(claims.appended.filter(({ type }) => type === 'coupon.claimed').length, 1)
  await call('POST /coupons/tea/pause', { as })
  await page.reload()
  await says(page, /yours/)
  assert.equal(await page.getByRole('button').filter({ hasText: 'Copy' }).count(), 1)
  assert.deepEqual(faults, [])
})

test('a slow phone on a slow line sees it within a second, and gets the coupon', {
  skip,
}, async (t) => {
  const { address, call } = await startTestServer(t)
  await call('POST /coupons', { as, json: tea })
  const looks: number[] = []
  // The machine may be busy with other things: what the page itself takes is the fastest of them.
  while (looks.length < 5 && Math.min(...looks) > firstSightMsMax) {
    const { page, context, faults } = await openPage(t, browser, { ...phone, locale: 'ko-KR' })
    const tools = await context.newCDPSession(page)
    await tools.send('Network.enable')
    await tools.send('Network.emulateNetworkConditions', slowLine)
    await tools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await page.goto(`${address}/events/tea#token=${tokenOf(`user-${looks.length}`)}`)
    await page.getByRole('button', { name: '쿠폰 받기' }).click()
    await says(page, /받았어요/, 10_000)
    looks.push(await page.evaluate<number>(firstSight))
    assert.deepEqual(faults, [])
    await context.close()
  }
  t.diagnostic(`first sight after ${looks.map(Math.round).join(', ')} ms`)
  assert.ok(Math.min(...looks) <= firstSightMsMax, `${looks.join(', ')} ms`)
})

test('what others do is said within seconds, in Korean', { skip }, async (t) => {
  const { address, call } = await startTestServer(t)
  await call('POST /coupons', { as, json: { ...tea, quantity: 1 } })
  const { page, faults } = await openPage(t, browser, { ...phone, locale: 'ko-KR' })
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await page.getByRole('heading', { level: 1, name: tea.name }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko')
  const get = page.getByRole('button', { name: '쿠폰 받기' })
  await get.waitFor()
  await call('POST /coupons/tea/pause', { as })
  await saysToAll(page, /중지/)
  await call('POST /coupons/tea/resume', { as })
  await get.waitFor({ timeout: changeMsMax })
  await call('POST /coupons/tea/claims', { as: 'bob' })
  await saysToAll(page, /소진/)
  await call('POST /coupons/tea/close', { as })
  await saysToAll(page, /종료/)
  await page.goto(`${address}/events/none`)
  await saysToAll(page, /없는/)
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'none')
  assert.equal(await page.getByRole('main').getByRole('button').count(), 0)
  const later = { ...tea, couponId: 'later', opensAt: '2030-05-01T09:00:00Z' }
  await call('POST /coupons', { as, json: later })
  await page.goto(`${address}/events/later`)
  await saysToAll(page, /로그인|시작/)
  // The page itself: an id that nobody knows is a mistake of whoever links to it.
  const [none, ...others] = faults
  assert.match(none ?? '', /status of 404 /)
  assert.deepEqual(others, [])
})

test('it opens to the moment though the clock of the phone is wrong', { skip }, async (t) => {
  const { address, call, time } = await startTestServer(t)
  const begun = performance.now()
  const going = setInterval(() => {
    time.now = startedAt + Math.round(performance.now() - begun)
  }, 5)
  t.after(() => clearInterval(going))
  const opensAt = time.now + 6_000
  const terms = { ...tea, opensAt: new Date(opensAt).toISOString() }
  await call('POST /coupons', { as, json: terms })
  const { page, context } = await openPage(t, browser, { ...phone, locale: 'en-US' })
  await context.addInitScript(`{
    const { now } = Date
    Date.now = () => now() - 600_000
  }`)
  await page.goto(`${address}/events/tea#token=${tokenOf('ann')}`)
  await says(page, /opens/)
  assert.match((await page.getByRole('timer').textContent()) ?? '', /^\s*00:0\d\s*$/)
  await page.locator('main button:enabled').waitFor({ timeout: 10_000 })
  const lateMs = time.now - opensAt
  assert.ok(lateMs > -400 && lateMs < 1_500, `${lateMs} ms after it opened`)
  await page.getByRole('button', { name: 'Get the coupon' }).click()
  await says(page, /yours/)
})

test('a service that goes and comes is said, and a wish goes on', { skip }, async (t) => {
  const first = await startTestServer(t)
  await first.call('POST /coupons', { as, json: tea })
  const port = Number(new URL(first.address).port)
  const { page, faults } = await openPage(t, browser, { ...phone, locale: 'en-US' })
  first.claims.claimAnswers.push({
    kind: 'unavailable',
    reason: 'queue_full',
    retryAfterSeconds: 2,
  })
  await page.goto(`${first.address}/events/tea#token=${tokenOf('ann')}`)
  await page.getByRole('button', { name: 'Get the coupon' }).click()
  await says(page, /busy/)
  await page.getByRole('timer').waitFor()
  await first.close()
  await says(page, /cannot reach/, awayMsMax)
  assert.deepEqual(await accessibilityFaults(page, 'event-away-en'), [])
  const { call } = await startTestServer(t, { settings: { port } })
  await call('POST /coupons', { as, json: tea })
  await says(page, /yours/, backMsMax)
  assert.deepEqual(faults, [])
})
