// Rehearsals and audits in the console, in a real browser against the real service: begun with one
// button, seen by others, with nothing left of what was made; and a breach, which is planted.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { createRunBoardMemory } from '../../../src/adapters/memory/run-board.ts'
import { signToken } from '../../../src/client/tokens.ts'
import type { LaunchRun, RunResult } from '../../../src/ports/console-runs.ts'
import { jwtSecret, startedAt, startTestServer, tokenOf } from '../http/fixture.ts'
import { runCli } from '../processes/cli-process.ts'
import { serviceFor, signIn } from './browsed-service.ts'
import { accessibilityFaults, browserForTests, keepPicture, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
const service = await serviceFor(browser)

const wide = { viewport: { width: 1440, height: 900 }, locale: 'en-US', acceptDownloads: true }
const phone = { viewport: { width: 320, height: 800 }, locale: 'ko-KR' }
const runMsMax = 120_000
/** Both at one moment, for a run may end between two questions. */
const busy = ':has(progress) .run button:disabled'

type Opening = { url: string; token: string; options: BrowserContextOptions }

async function openConsole(t: Parameters<typeof openPage>[0], { url, token, options }: Opening) {
  const opened = await openPage(t, browser, options)
  const { context, page } = opened
  page.setDefaultTimeout(10_000)
  await signIn(context, url, token)
  await page.goto(`${url}/console`)
  return opened
}

const openOurs = (t: Parameters<typeof openPage>[0], options: BrowserContextOptions) =>
  openConsole(t, { url: service.url, token: service.token('operator', true), options })

async function read(path: string) {
  const authorization = `Bearer ${service.token('operator', true)}`
  const response = await fetch(service.url + path, { headers: { authorization } })
  return (await response.json()) as Record<string, unknown>
}

const part = (page: Page, name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).click()

test('a rehearsal is begun, judged at every console, and taken away', {
  skip,
}, async (t) => {
  const [{ page, faults }, other] = [await openOurs(t, wide), await openOurs(t, phone)]
  await part(page, 'Rehearsal')
  await part(other.page, '예행연습')
  await other.page.getByText('아직 실행한 적이 없습니다.').waitFor()
  const run = page.getByRole('button', { name: 'Run', exact: true })
  assert.deepEqual(await accessibilityFaults(page, 'rehearsal-none'), [])
  await run.click()
  await page.locator(busy).first().waitFor()
  assert.deepEqual(await accessibilityFaults(page, 'rehearsal-running'), [])
  assert.deepEqual(await read('/coupons'), { coupons: [] })
  await page.getByText('Every promise was kept').waitFor({ timeout: runMsMax })
  await other.page.getByText('모든 약속이 지켜졌습니다').waitFor()
  for (const id of ['I1', 'I2', 'I3', 'I4', 'I5', 'I7']) {
    await page
      .getByRole('listitem')
      .filter({ has: page.getByText(id, { exact: true }) })
      .waitFor()
  }
  assert.equal(await page.getByText('Every promise').count(), 1)
  assert.equal(await other.page.locator('.report [lang=en]').count(), 0)
  assert.equal(await page.getByRole('progressbar').count(), 0)
  assert.deepEqual(await read('/coupons'), { coupons: [] })
  assert.deepEqual((await read('/projection')).coupons, [])
  assert.deepEqual(await read('/issued-coupons'), { issued: [] })
  const navigation = page.getByRole('navigation', { name: 'Coupons' })
  assert.equal(await navigation.getByRole('button').count(), 0)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download', exact: true }).click(),
  ])
  const report = JSON.parse(await readFile(await download.path(), 'utf8')) as object
  assert.partialDeepStrictEqual(report, { verdict: 'kept', users: 300, left: [] })
  for (const [shown, name] of [
    [page, 'rehearsal-kept'],
    [other.page, 'rehearsal-kept-ko'],
  ] as const) {
    assert.deepEqual(await accessibilityFaults(shown, name), [])
  }
  await assertFits(other.page)
  assert.deepEqual([...faults, ...other.faults], [])
})

test('an audit after it finds every promise kept, and is there after a reload', {
  skip,
}, async (t) => {
  const { page, faults } = await openOurs(t, { ...phone, locale: 'en-US' })
  await part(page, 'Audit')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('progressbar').waitFor()
  await page.getByText('Every promise was kept').waitFor({ timeout: runMsMax })
  await page.reload()
  await page.getByText('Every promise was kept').waitFor()
  await page.getByText('I15', { exact: true }).waitFor()
  await assertFits(page)
  assert.deepEqual(await accessibilityFaults(page, 'audit-kept'), [])
  assert.deepEqual(faults, [])
})

test('a rehearsal is seen by another console, and stopped there', { skip }, async (t) => {
  const [{ page, faults }, other] = [await openOurs(t, wide), await openOurs(t, phone)]
  await part(page, 'Rehearsal')
  await part(other.page, '예행연습')
  await page.getByLabel('People who ask').fill('5000')
  await page.getByLabel('How many can win').fill('5000')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await other.page.locator(busy).first().waitFor()
  await other.page.getByRole('button', { name: '멈추기', exact: true }).click()
  await other.page.getByText('끝나기 전에 멈추었습니다').waitFor({ timeout: runMsMax })
  await page.getByText('It was stopped before its end').waitFor({ timeout: runMsMax })
  assert.deepEqual(await read('/coupons'), { coupons: [] })
  assert.deepEqual([...faults, ...other.faults], [])
})

test('a whole sale is watched while a rehearsal storms it', { skip }, async (t) => {
  const json = { couponId: 'storm', name: 'Storm', quantity: 400 }
  const headers = { authorization: `Bearer ${service.token('operator', true)}` }
  const { request } = (await openPage(t, browser, {})).context
  const made = await request.post(`${service.url}/coupons`, { data: json, headers })
  assert.equal(made.status(), 201)
  const { page, faults } = await openOurs(t, wide)
  await page.getByRole('button', { name: 'Storm' }).click()
  const region = page.getByRole('region', { name: 'Storm' })
  await region.getByText('400 / 400').waitFor()
  await page.evaluate(noteFigures)
  const storm = ['--coupon', 'storm', '--yes', '--users', '1200', '--rate', '200']
  const { exitCode, out, err } = await runCli(['rehearse', '--data', service.data, ...storm])
  assert.equal(exitCode, 0, out + err)
  await region.getByText('0 / 400').waitFor({ timeout: 2_000 })
  await region.getByText('sold out', { exact: true }).waitFor()
  const seen = await page.evaluate<number[]>('window.figures')
  // Six seconds long, of which two sell: it moves at least once in each.
  assert.ok(seen.length > 2, seen.join())
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => b - a),
    'it only falls',
  )
  assert.deepEqual(faults, [])
  await keepPicture(page, 'sale-watched')
})

/** What is left, as the page shows it, whenever it shows something else. */
const noteFigures = `
  window.figures = [400]
  new MutationObserver(() => {
    const shown = /([\\d,]+) \\/ 400/.exec(document.querySelector('main').innerText)?.[1]
    if (shown && Number(shown) !== window.figures.at(-1)) window.figures.push(Number(shown))
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`

const broken: RunResult = {
  end: {
    verdict: 'broken',
    promises: [
      { id: 'I1', kept: false, checks: [], breaches: ['11 issued, expected 10'] },
      { id: 'I2', kept: true, checks: [], breaches: [] },
      { id: 'I8', kept: null, checks: [], breaches: [] },
    ],
  },
  report: '{}',
}

test('a viewer sees a breach in words, and has no button', { skip }, async (t) => {
  const board = createRunBoardMemory()
  const launch: LaunchRun = () => ({ result: Promise.resolve(broken), stop() {} })
  const { address, call } = await startTestServer(t, { runs: { board: () => board, launch } })
  assert.equal((await call('POST /console/rehearsals', { as: 'operator' })).status, 201)
  const expiresInSeconds = 3600
  const shared = { secret: jwtSecret, sub: 'vic', expiresInSeconds, now: startedAt }
  const token = signToken({ ...shared, operator: false, scope: 'viewer' })
  const { page, faults } = await openConsole(t, { url: address, token, options: wide })
  await part(page, 'Rehearsal')
  await page.getByText('Promises were broken').waitFor()
  await page.getByText('11 issued, expected 10').waitFor()
  const told = await page.locator('.promises strong').allTextContents()
  assert.deepEqual(told, ['broken', 'kept', 'not judged'])
  for (const name of ['Run', 'Stop']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0)
  }
  assert.equal(await page.getByText('Every promise').count(), 0)
  assert.deepEqual(await accessibilityFaults(page, 'rehearsal-broken'), [])
  assert.deepEqual(faults, [])
})

const lost =
  'rows were written up to offset 1234567, but the log ends at 12: 1234555 records are lost'
const brokenAudit: RunResult = {
  end: {
    verdict: 'broken',
    promises: [{ id: 'I2', kept: false, checks: [], breaches: [`partition 0: ${lost}`] }],
  },
  report: '{}',
}

test('what an audit has found is said in Korean on a Korean phone', { skip }, async (t) => {
  const board = createRunBoardMemory()
  const launch: LaunchRun = () => ({ result: Promise.resolve(brokenAudit), stop() {} })
  const { address, call } = await startTestServer(t, { runs: { board: () => board, launch } })
  assert.equal((await call('POST /console/audits', { as: 'operator' })).status, 201)
  const token = tokenOf('operator')
  const { page, faults } = await openConsole(t, { url: address, token, options: phone })
  await part(page, '감사')
  await page.getByText('깨진 약속이 있습니다').waitFor()
  const [found = ''] = await page.locator('.promises li li').allTextContents()
  assert.match(found, /1234555/)
  assert.doesNotMatch(found, /[a-z]{2}/i)
  await assertFits(page)
  assert.deepEqual(await accessibilityFaults(page, 'audit-broken-ko'), [])
  assert.deepEqual(faults, [])
})

async function assertFits(page: Page): Promise<void> {
  const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.ok(Number(wider) <= 0, `${String(wider)} px too wide`)
}
