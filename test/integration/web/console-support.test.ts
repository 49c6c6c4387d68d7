// The parts of the console for those who help people, in a real browser over one service: winners.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createCouponStoreMemory } from '../../../src/adapters/memory/coupon-store.ts'
import { signToken } from '../../../src/client/tokens.ts'
import { batch, coupon, row, terms } from '../../contracts/coupon-store-samples.ts'
import { jwtSecret, startedAt, startTestServer } from '../http/fixture.ts'
import { browserForTests, openPage } from './browser.ts'

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
  const store = createCouponStoreMemory({ uses: new Map([['tea 1024', 'order-1']]) })
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
  const { address, call } = await startTestServer(t, { store: () => store })
  await call('POST /coupons', { as: 'operator', json: tea })

  async function signedIn(st: typeof t, { scope, locale, width }: Opened) {
    const viewport = { width, height: 900 }
    const opened = await openPage(st, browser, { locale, viewport, acceptDownloads: true })
    const { context, page } = opened
    page.setDefaultTimeout(5_000)
    const answer = await context.request.post(`${address}/console/session`, {
      headers: { 'x-firstcome-console': '1' },
      data: { token: tokenOf(scope) },
    })
    assert.equal(answer.status(), 200)
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
    await assertFits(page)
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
    await page.getByText('당첨자를 볼 쿠폰을 고르세요.').waitFor()
    await assertFits(page)
    assert.deepEqual(faults, [])
  })
})

async function assertFits(page: Page): Promise<void> {
  const [shown, all] = await page.evaluate<[number, number]>(
    '[document.documentElement.clientWidth, document.documentElement.scrollWidth]',
  )
  assert.ok(all <= shown, `${all} of ${shown} px`)
}
