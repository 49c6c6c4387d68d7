// Acts in the console, in a real browser against the real service: each act with its preview and
// its record, two operators at once, a viewer, the keyboard alone, and answers that get lost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { readSecrets } from '../../../src/adapters/data-directory.ts'
import { signToken } from '../../../src/client/tokens.ts'
import { serviceFor, signIn } from './browsed-service.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
const service = await serviceFor(browser)

const wide = { viewport: { width: 1440, height: 900 }, locale: 'en-US', timezoneId: 'Asia/Seoul' }
const longName =
  '여름 맞이 전 고객 대상 선착순 감사 할인 쿠폰 (온라인 및 오프라인 매장 공용, 1인 1매 한정)'
/** Of what the stream tells. */
const toldMsMax = 2_000

async function post(path: string, json?: object, user = 'operator') {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.token(user, user === 'operator')}`,
      ...(json && { 'content-type': 'application/json' }),
    },
    ...(json && { body: JSON.stringify(json) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

type Act = { kind: string; by: string; reason: string; log: { offset: number } }
async function acts(couponId: string): Promise<Act[]> {
  const response = await fetch(`${service.url}/coupons/${couponId}/acts`, {
    headers: { authorization: `Bearer ${service.token('operator', true)}` },
  })
  return ((await response.json()) as { acts: Act[] }).acts
}

/** Signed in, with the coupon chosen. */
async function openConsole(
  t: Parameters<typeof openPage>[0],
  options: BrowserContextOptions,
  { coupon, token = service.token('operator', true) }: { coupon: string; token?: string },
) {
  const opened = await openPage(t, browser, options)
  const { page, context, faults } = opened
  page.on('request', (request) => {
    const { origin } = new URL(request.url())
    if (origin !== service.url) faults.push(`a request to ${origin}`)
  })
  await signIn(context, service.url, token)
  await page.goto(`${service.url}/console`)
  await page.getByRole('navigation').getByRole('button', { name: coupon }).click()
  return { ...opened, region: page.getByRole('region', { name: coupon }) }
}

async function look(page: Page, name: string): Promise<void> {
  assert.deepEqual(await accessibilityFaults(page, name), [], name)
}

function button(place: Page | Locator, name: string) {
  return place.getByRole('button', { name, exact: true })
}

test('each act shows what it would do, and then its record', { skip }, async (t) => {
  await post('/coupons', { couponId: 'milk', name: 'Milk', quantity: 5 })
  const { page, faults } = await openConsole(t, wide, { coupon: 'Milk' })
  const dialog = page.getByRole('dialog')
  const fill = (label: RegExp, text: string) => dialog.getByLabel(label).fill(text)
  let offset = -1
  async function act(name: string, shows: RegExp, id = ''): Promise<void> {
    await dialog.getByText(shows).first().waitFor()
    await fill(/^Reason/, `because of ${name}`)
    if (id !== '') {
      await fill(/^Coupon id/, 'Tea!')
      assert.ok(await button(dialog, name).isDisabled())
      await fill(/^Coupon id/, id)
    }
    await look(page, `act-${name}`)
    await button(dialog, name).click()
    const record = (await dialog.getByText(/offset \d/).textContent()) ?? ''
    const next = Number(/offset (\d+)$/.exec(record)?.[1])
    assert.ok(next > offset, `${record} after ${offset}`)
    offset = next
    await dialog.getByText('Done by operator').waitFor()
    await button(dialog, 'Done').click()
    await dialog.waitFor({ state: 'detached' })
  }
  await button(page, 'New coupon').click()
  await fill(/^Coupon id/, 'milk')
  await dialog.getByText('There is a coupon of this id.').waitFor()
  await fill(/^Name/, 'Tea')
  await fill(/^Quantity/, '20')
  await fill(/^Opens \(Asia\/Seoul\)/, '2030-05-01T18:00')
  await act('New coupon', /Makes 20 of “Tea”: open from May 1, 2030, 18:00 GMT\+9/, 'tea')
  await page.getByRole('navigation').getByRole('button', { name: 'Tea' }).click()
  let region = page.getByRole('region', { name: 'Tea' })
  const open = (name: string) => button(region, name).click()
  await open('Edit')
  await fill(/^Name/, 'Green tea')
  await fill(/^Opens/, '2020-05-01T18:00')
  await act('Edit', /^Tea → Green tea$/)
  region = page.getByRole('region', { name: 'Green tea' })
  await region.getByText('open', { exact: true }).waitFor()
  for (const user of ['ann', 'bob']) await post('/coupons/tea/claims', undefined, user)
  await open('Restock')
  await fill(/^Quantity to add/, '1,280')
  await act('Restock', /^20 → 1,300$/)
  await region.getByText('1,298 / 1,300').waitFor()
  await open('Pause')
  await act('Pause', /^open → paused$/)
  await open('Resume')
  await act('Resume', /^paused → open$/)
  await open('Revoke')
  await fill(/^User/, 'nobody')
  await dialog.getByRole('alert').filter({ hasText: 'does not have' }).waitFor()
  assert.ok(await button(dialog, 'Revoke').isDisabled())
  await fill(/^User/, 'ann')
  await act('Revoke', /^Unspent coupons taken from ann: 1\.$/, 'tea')
  await open('Revoke')
  await dialog.getByLabel('Everyone who has won by now').check()
  await act('Revoke', /^Unspent coupons taken from everyone .*: 1\.$/, 'tea')
  await open('Close')
  await act('Close', /^open → closed$/, 'tea')
  await region.getByText('closed', { exact: true }).waitFor()
  await open('Restock')
  await fill(/^Quantity to add/, '1')
  await dialog.getByRole('alert').waitFor()
  assert.ok(await button(dialog, 'Restock').isDisabled())
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Time line', exact: true }).click()
  const entries = page
    .locator('main')
    .getByRole('listitem')
    .filter({ hasText: /offset \d/ })
  await entries.nth(7).waitFor()
  assert.match(
    (await entries.first().textContent()) ?? '',
    /closed.*by operator.*because of Close/s,
  )
  assert.match((await entries.first().textContent()) ?? '', new RegExp(`offset ${offset}$`))
  assert.match((await entries.nth(5).textContent()) ?? '', /restocked.*\+1,280.*of Restock/s)
  await look(page, 'time-line')
  const done = await acts('tea')
  assert.deepEqual(
    done.map(({ kind, reason }) => `${kind} ${reason}`),
    [
      'created because of New coupon',
      'edited because of Edit',
      'restocked because of Restock',
      'paused because of Pause',
      'resumed because of Resume',
      'revoked because of Revoke',
      'revoked because of Revoke',
      'closed because of Close',
    ],
  )
  assert.equal(done.at(-1)?.log.offset, offset)
  assert.deepEqual(faults, [])
})

test('of two operators one acts on what has changed, and is told', { skip }, async (t) => {
  await post('/coupons', { couponId: 'oat', name: 'Oat', quantity: 20 })
  const one = await openConsole(t, wide, { coupon: 'Oat' })
  const two = await openConsole(t, wide, { coupon: 'Oat' })
  const [first, second] = [one.page.getByRole('dialog'), two.page.getByRole('dialog')]
  for (const { region, page } of [one, two]) {
    await button(region, 'Restock').click()
    await page.getByRole('dialog').getByLabel('Quantity to add').fill('30')
    await page.getByRole('dialog').getByLabel('Reason').fill('more')
    await page.getByRole('dialog').getByText('20 → 50').first().waitFor()
  }
  await button(first, 'Restock').click()
  await first.getByText(/offset \d/).waitFor()
  await second.getByText('has changed').waitFor({ timeout: toldMsMax })
  assert.ok(await second.getByText('20 → 50').first().isVisible(), 'what was seen stays')
  await button(second, 'Restock').click()
  await second.getByText('has changed').waitFor()
  assert.equal((await acts('oat')).length, 2)
  await look(two.page, 'act-changed')
  await button(second, 'Look again').click()
  await second.getByText('50 → 80').first().waitFor()
  assert.equal(await second.getByText('has changed').count(), 0)
  await button(second, 'Restock').click()
  await second.getByText(/offset \d/).waitFor()
  assert.equal((await acts('oat')).length, 3)
  assert.deepEqual([...one.faults, ...two.faults], [])
})

test('a viewer has no acts, and is refused them', { skip }, async (t) => {
  await post('/coupons', { couponId: 'rye', name: 'Rye', quantity: 20 })
  const secret = readSecrets(service.data).jwtSecret ?? ''
  const terms = { sub: 'vic', operator: false, scope: 'viewer', expiresInSeconds: 600 }
  const token = signToken({ secret, ...terms, now: Date.now() })
  const { page, region, faults } = await openConsole(t, wide, { coupon: 'Rye', token })
  await region.getByText('20 / 20').waitFor()
  assert.equal(await region.getByRole('button').count(), 0)
  assert.equal(await button(page, 'New coupon').count(), 0)
  await look(page, 'act-viewer')
  const headers = { 'x-firstcome-console': '1' }
  for (const path of ['rye/pause', 'rye/close', 'rye/restock', 'rye/revocations', '']) {
    const data = { add: 1, all: true, reason: 'x', name: 'x', quantity: 1 }
    const url = `${service.url}/coupons/${path}`.replace(/\/$/, '')
    assert.equal((await page.request.post(url, { data, headers })).status(), 403, path)
  }
  assert.equal((await acts('rye')).length, 1)
  assert.deepEqual(faults, [])
})

test('an act is done by the keyboard alone, on a small screen, in Korean', { skip }, async (t) => {
  await post('/coupons', { couponId: 'summer', name: longName, quantity: 1_234_567 })
  const { page, region, faults } = await openConsole(
    t,
    { ...wide, viewport: { width: 320, height: 640 }, locale: 'ko-KR', reducedMotion: 'reduce' },
    { coupon: longName },
  )
  await region.getByText('1,234,567 / 1,234,567').waitFor()
  await look(page, 'act-small-sale')
  const isFocused = (name: string) =>
    page.evaluate<boolean>(`document.activeElement.textContent.trim() === '${name}'`)
  async function tabTo(name: string): Promise<void> {
    for (let n = 0; n < 20 && !(await isFocused(name)); n++) await page.keyboard.press('Tab')
    assert.ok(await isFocused(name), name)
  }
  await page.getByRole('link', { name: '이력', exact: true }).click()
  await page.getByText('오프셋').waitFor()
  await tabTo('수량 추가')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await page.keyboard.type('1000000')
  await dialog.getByText('1,234,567 → 2,234,567').first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type('더 많은 분께')
  await look(page, 'act-small-restock')
  assert.equal(await page.evaluate('document.getAnimations().length'), 0)
  await tabTo('취소')
  await tabTo('수량 추가')
  await page.keyboard.press('Enter')
  await dialog.getByText(/오프셋 \d+$/).waitFor()
  await look(page, 'act-small-record')
  assert.ok(await isFocused('확인'))
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  assert.ok(await isFocused('수량 추가'), 'the focus is back')
  await page.getByText('더 많은 분께').waitFor({ timeout: toldMsMax })
  await look(page, 'time-line-small')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.ok(await isFocused('일시 중지'))
  const overflow = 'document.documentElement.scrollWidth - innerWidth'
  assert.equal(await page.evaluate(overflow), 0, 'nothing stands out of the screen')
  assert.deepEqual(faults, [])
})

test('an answer that is lost, and a 503, are asked for again by one key', { skip }, async (t) => {
  await post('/coupons', { couponId: 'fig', name: 'Fig', quantity: 20 })
  const { page, region, faults } = await openConsole(t, wide, { coupon: 'Fig' })
  const keys: (string | undefined)[] = []
  await page.route('**/coupons/fig/restock', async (route) => {
    const request = route.request()
    keys.push(request.headers()['idempotency-key'])
    if (keys.length === 1) {
      const headers = { 'retry-after': '1' }
      return route.fulfill({ status: 503, headers, json: { detail: 'busy' } })
    }
    if (keys.length > 2) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await button(region, 'Restock').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Quantity to add').fill('30')
  await dialog.getByLabel('Reason').fill('more')
  await button(dialog, 'Restock').click()
  await dialog.getByText('sent again in 1 s').waitFor()
  await dialog.getByText('whether it was done is not known').waitFor()
  await look(page, 'act-unanswered')
  await dialog.getByText(/offset \d/).waitFor()
  assert.equal(keys.length, 3)
  assert.equal(new Set(keys).size, 1)
  assert.deepEqual(
    (await acts('fig')).map(({ kind }) => kind),
    ['created', 'restocked'],
  )
  assert.deepEqual(faults, [])
})
