// The parts of the console for those who help people, in a real browser over one service: winners,
// orders and dead letters.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createCouponStoreMemory } from '../../../src/adapters/memory/coupon-store.ts'
import { signToken } from '../../../src/client/tokens.ts'
import type { DeadLetter } from '../../../src/domain/orders/dead-letter.ts'
import { batch, coupon, row, terms } from '../../contracts/coupon-store-samples.ts'
import { letterOf } from '../../contracts/dead-letter-store.ts'
import { jwtSecret, startedAt, startTestServer } from '../http/fixture.ts'
import { runDeadLetters } from '../http/letters-consumer.ts'
import { sampleOrders } from '../http/sample-orders.ts'
import { signIn } from './browsed-service.ts'
import { accessibilityFaults, browserForTests, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
after(async () => {
  if (typeof browser !== 'string') await browser.close()
})

const tea = { couponId: 'tea', name: '여름 맞이 선착순 쿠폰', quantity: 1_500 }
const codes = ['0000-0000-0001-2', 'G2ZJ-9WVN-7CJ9-S']
const winnersShown = 50

/** 120 winners: the first of them a user of digits, the second one that a spreadsheet would run. */
async function winnersOfTea() {
  const store = createCouponStoreMemory({ step: { uses: new Map([['tea 1024', 'order-1']]) } })
  const quantity = tea.quantity
  const users = ['1024', '=cmd|1', ...Array.from({ length: 118 }, (_, n) => `user-${n + 3}`)]
  const issued = users.map((userId, at) =>
    row({
      couponId: 'tea',
      slot: at + 1,
      userId,
      code: codes[at] ?? `code-${at + 1}`,
      offset: at,
      appendedAt: startedAt + at * 1_000,
    }),
  )
  const coupons = [coupon({ couponId: 'tea', quantity, terms: terms({ quantity }) })]
  await store.apply(batch({ next: issued.length, coupons, issued }))
  return store
}

type Opened = { scope: 'operator' | 'viewer'; locale: 'ko-KR' | 'en-US'; width: number }

function tokenOf(scope: Opened['scope']): string {
  const operator = scope === 'operator'
  const shared = { secret: jwtSecret, sub: scope, expiresInSeconds: 3600, now: startedAt }
  return signToken({ ...shared, operator, scope })
}

test('those who help people look things up in the console', { skip }, async (t) => {
  const store = await winnersOfTea()
  let buried = new Map<string, DeadLetter>()
  const lettersWaiting = async () =>
    [...buried.values()].filter(({ status }) => status === 'waiting').length
  const server = await startTestServer(t, {
    store: () => store,
    figures: {
      claimCounts: () => ({}),
      readUpTo: () => undefined,
      reader: () => ({ rowsUpTo: async () => new Map(), lettersWaiting }),
    },
  })
  const { address, call } = server
  const { letters } = await runDeadLetters(t, server, [])
  buried = letters
  const { orders } = server.applier.tables
  for (const order of sampleOrders('ann@example.com')) orders.set(order.orderId, order)
  await call('POST /coupons', { as: 'operator', json: tea })

  async function signedIn(st: typeof t, { scope, locale, width }: Opened) {
    const viewport = { width, height: 900 }
    const opened = await openPage(st, browser, { locale, viewport, acceptDownloads: true })
    const { context, page } = opened
    page.setDefaultTimeout(5_000)
    await signIn(context, address, tokenOf(scope))
    await page.goto(`${address}/console`)
    return opened
  }

  await t.test('winners are found by slot, code and user, and hidden at first', async (st) => {
    const { page, faults } = await signedIn(st, { scope: 'operator', locale: 'en-US', width: 320 })
    await page.getByRole('button', { name: tea.name }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Winners', exact: true }).click()
    const rows = page.getByRole('row')
    await rows.nth(winnersShown).waitFor()
    assert.equal(await rows.count(), 1 + winnersShown)
    const find = async (text: string) => {
      await page.getByLabel('User, slot or code').fill(text)
      await page.keyboard.press('Enter')
    }
    await find('2')
    await page.getByText('G2ZJ-9WVN-7CJ9-S').waitFor()
    assert.equal(await rows.count(), 2)
    assert.equal(await page.getByText('=cmd|1').count(), 0)
    await page.getByRole('button', { name: 'Show users', exact: true }).click()
    await page.getByText('=cmd|1').waitFor()
    await find(' oooo 00000OO12 ')
    await page.getByText('0000-0000-0001-2').waitFor()
    await page.getByText('order-1').waitFor()
    for (const text of ['user-17', '0000000000013', '0', '"1024"']) {
      await find(text)
      const fits = { '"1024"': '1024', 'user-17': 'user-17' }[text]
      await (fits === undefined
        ? page.getByText('No winner of this coupon fits that.')
        : page.getByRole('cell', { name: fits })
      ).waitFor()
      assert.equal(await rows.count(), fits === undefined ? 0 : 2, text)
    }
    await find('')
    for (const first of ['51', '101']) {
      await page.getByRole('button', { name: 'Next', exact: true }).click()
      await page.getByRole('cell', { name: first, exact: true }).waitFor()
    }
    assert.equal(await rows.count(), 1 + 20)
    assert.equal(await page.getByRole('button', { name: 'Next' }).count(), 0)
    await page.getByRole('button', { name: 'Previous', exact: true }).click()
    await page.getByRole('cell', { name: '51', exact: true }).waitFor()
    await looksGood(page, 'winners-small')
    assert.deepEqual(faults, [])
  })

  await t.test('a viewer takes the file of them, in Korean, by keys alone', async (st) => {
    const { page, faults } = await signedIn(st, { scope: 'viewer', locale: 'ko-KR', width: 1_440 })
    await page.getByRole('button', { name: tea.name }).press('Enter')
    await page.getByRole('link', { name: '당첨자', exact: true }).press('Enter')
    const find = page.getByLabel('사용자, 순번 또는 코드')
    await find.fill('1')
    await find.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('사용함').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('1024', { exact: true }).waitFor()
    const downloaded = page.waitForEvent('download')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const file = await downloaded
    assert.equal(file.suggestedFilename(), 'tea-winners.csv')
    const lines = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\r\n')
    assert.equal(lines.length, 1 + 120)
    assert.match(lines[2] ?? '', /^2,"'=cmd\|1",/)
    await page.reload()
    await page.getByRole('cell', { name: '1', exact: true }).waitFor()
    await looksGood(page, 'winners-ko')
    assert.deepEqual(faults, [])
  })

  await t.test('orders and redemptions are found, each with its steps in time', async (st) => {
    const { page, faults } = await signedIn(st, { scope: 'viewer', locale: 'en-US', width: 320 })
    await page.getByRole('link', { name: 'Orders', exact: true }).click()
    const find = async (text: string) => {
      await page.getByLabel('Order or user').fill(text)
      await page.getByRole('button', { name: 'Find', exact: true }).click()
    }
    const items = page
      .getByRole('main')
      .locator('li')
      .filter({ has: page.getByRole('heading') })
    await find('order-9')
    await page.getByText('stock refused out_of_stock').waitFor()
    await items.getByText('cancelled').waitFor()
    assert.equal(await page.getByText('ann@example.com').count(), 0)
    await page.context().setOffline(true)
    await find('nobody')
    await page.getByText('The service did not answer.').waitFor()
    await page.context().setOffline(false)
    await page.getByText('There is no order of this id or of this user.').waitFor()
    await find('ann@example.com')
    await items.nth(2).waitFor()
    const texts = await items.allInnerTexts()
    const says = [
      ['redeemed-1', 'reserved', 'cart 7, 9,000', 'coupon used'],
      ['order-2', 'returned', 'operator-kim', 'broken'],
      ['order-1', 'confirmed', 'tea × 1,200', '2,399,000', 'payment captured'],
    ]
    for (const [n, words] of says.entries()) {
      for (const word of words) assert.ok(texts[n]?.includes(word), `${word}: ${texts[n]}`)
    }
    await page.getByRole('button', { name: 'Show users', exact: true }).click()
    assert.equal(await page.getByText('ann@example.com', { exact: true }).count(), 3)
    await looksGood(page, 'orders-small')
    const found = orders.get('redeemed-1')
    if (found?.status === 'placed') {
      const sums = { subtotal: 9_000, discount: 0, total: 9_000 }
      orders.set('redeemed-1', { ...found, status: 'confirmed', sums })
    }
    await items.first().getByText('used', { exact: true }).first().waitFor()
    assert.deepEqual(faults, [])
  })

  await t.test('dead letters are counted, tried again and given up by an operator', async (st) => {
    const { page, faults } = await signedIn(st, { scope: 'operator', locale: 'en-US', width: 320 })
    await page.getByRole('link', { name: 'Dead letters', exact: true }).click()
    await page.getByText('No dead letters', { exact: false }).waitFor()
    const id = (n: number) => `payment-step.orders.0.${n}`
    const bury = (n: number, reason: string, redrivable = true) =>
      letters.set(id(n), letterOf(id(n), { consumer: 'payment-step', reason, redrivable }))
    for (let n = 1; n <= 230; n++) bury(n, 'the provider is away')
    for (let n = 231; n <= 233; n++) bury(n, '<b>no record</b>', n === 231)
    const group = (reason: string) => page.getByRole('radio', { name: reason })
    await group('230 payment-step the provider is away').waitFor()
    const dialog = page.getByRole('dialog')
    const press = (name: string, within: Page | typeof dialog = page) =>
      within.getByRole('button', { name, exact: true }).press('Enter')
    await press('Re-drive')
    await dialog.getByText('Dead letters to be tried again: 230.').waitFor()
    bury(240, 'the provider is away')
    let lost = 0
    await page.route('**/dead-letters/redrive', async (route) => {
      if (lost++ > 0) return route.continue()
      await route.fetch()
      await route.abort()
    })
    await press('Re-drive', dialog)
    await dialog.getByText('Re-driven: 230.').waitFor()
    assert.equal(letters.get(id(240))?.status, 'waiting')
    await press('Done', dialog)
    await group('1 payment-step the provider is away').waitFor()
    await group('3 payment-step <b>no record</b>').check()
    await press('Re-drive')
    await dialog.getByText('Dead letters to be tried again: 1.').waitFor()
    await dialog.getByText('Bytes that are no record cannot be tried again: 2.').waitFor()
    const closed = () => dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await closed()
    await press('Discard')
    await dialog.getByText('Dead letters to be given up for good: 3.').waitFor()
    await call(`POST /dead-letters/${id(231)}/redrive`, { as: 'operator' })
    await press('Discard', dialog)
    await dialog.getByText('Discarded: 2.').waitFor()
    await dialog.getByText('something else was done before: 1.').waitFor()
    await press('Done', dialog)
    await closed()
    await press(id(240))
    await dialog.getByText('firstcome.orders 1:2').waitFor()
    await looksGood(page, 'letters')
    await press('Discard', dialog)
    await dialog.getByText('given up for good: 1.').waitFor()
    await press('Discard', dialog)
    await dialog.getByText('Discarded: 1.').waitFor()
    await press('Done', dialog)
    await page.getByText('No dead letters', { exact: false }).waitFor()
    assert.equal(letters.get(id(240))?.acts[0]?.by, 'operator')
    assert.deepEqual(faults, [])
  })

  await t.test('a viewer reads a dead letter whole, and may do nothing about it', async (st) => {
    const { page, faults } = await signedIn(st, { scope: 'viewer', locale: 'ko-KR', width: 1_440 })
    const id = 'stock-step.orders.1.7'
    const value = Buffer.from('{"이름":"봄"}').toString('base64')
    letters.set(id, letterOf(id, { value }))
    await page.getByRole('link', { name: '실패한 메시지', exact: true }).press('Enter')
    await page.getByRole('button', { name: id, exact: true }).press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('{"이름":"봄"}').waitFor()
    assert.equal(await page.getByRole('button', { name: /다시 시도|폐기/ }).count(), 0)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    const focused = await page.evaluate<string>('document.activeElement.textContent')
    assert.equal(focused, id)
    await looksGood(page, 'letters-ko')
    assert.deepEqual(faults, [])
  })
})

async function looksGood(page: Page, picture: string): Promise<void> {
  const [shown, all] = await page.evaluate<[number, number]>(
    '[document.documentElement.clientWidth, document.documentElement.scrollWidth]',
  )
  assert.ok(all <= shown, `${all} of ${shown} px`)
  assert.deepEqual(await accessibilityFaults(page, picture), [])
}
