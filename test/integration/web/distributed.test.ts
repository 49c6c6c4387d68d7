// Both pages over Kafka, Redis and PostgreSQL with two API nodes: a coupon from its countdown to
// its end, the console signed in by one node's code at the other, an act, and a node that is gone.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { waitFor } from '../../services/server-process.ts'
import { startDistributedServices } from '../distributed/services.ts'
import { type RoleProcess, runRole, startRole, untilReady } from '../processes/service-process.ts'
import { browserForTests, keepPicture, openPage } from './browser.ts'

const browser = await browserForTests()
const skip = typeof browser === 'string' ? browser : false
const stops = new AsyncDisposableStack()
let env: Record<string, string>
let nodes: [RoleProcess, RoleProcess]

before(async () => {
  if (typeof browser === 'string') return
  stops.defer(() => browser.close())
  const services = await startDistributedServices()
  stops.defer(services.close)
  env = services.env
  const oneBroker = ['--partitions', '1', '--replicas', '1', '--min-in-sync-replicas', '1']
  const { code, err } = await runRole({ role: 'migrate', env }, oneBroker)
  assert.equal(code, 0, err)
  const start = async (role: string) => {
    const process = await startRole({ role, env: { ...env, FIRSTCOME_PORT: '0' } })
    stops.defer(async () => process.kill('SIGKILL'))
    await untilReady(process)
    return process
  }
  const [first, second] = await Promise.all([start('api'), start('api'), start('issuer')])
  nodes = [first, second]
})
after(() => stops.disposeAsync())

const name = '봄맞이 선착순 쿠폰'
const coupon = '/coupons/spring'
const claim = `${coupon}/claims`
const opensInMs = 6_000
/** Of changes made elsewhere, and of a node that was killed. */
const [changeMsMax, goneMsMax] = [4_000, 10_000]

type Call = { node: RoleProcess; path: string; user: string; json?: object | undefined }

function ask({ node, path, user, json }: Call): Promise<Response> {
  return fetch(node.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${node.token(user, user === 'operator')}`,
      ...(json && { 'content-type': 'application/json' }),
    },
    ...(json && { body: JSON.stringify(json) }),
  })
}

async function post(path: string, user: string, json?: object): Promise<number> {
  return (await ask({ node: nodes[0], path, user, json })).status
}

/** Two people, one of them at both nodes; resolves once the second node knows of both. */
async function tellSoldOut(): Promise<void> {
  const [first, second] = nodes
  const claims = [
    { node: first, user: 'dan' },
    { node: second, user: 'dan' },
    { node: second, user: 'eve' },
  ].map((one) => ask({ ...one, path: claim }))
  for (const { status } of await Promise.all(claims)) assert.equal(status, 409)
  const restock = { path: `${coupon}/restock?preview=true`, user: 'operator', json: { add: 10 } }
  await waitFor('both to be counted', async () => {
    const answer = await ask({ node: second, ...restock })
    const { toldSoldOut } = (await answer.json()) as { toldSoldOut?: object | null }
    return isDeepStrictEqual(toldSoldOut, { people: 2, isExact: true })
  })
}

test('a sale over two nodes is seen and steered at either of them', { skip }, async (t) => {
  const [first, second] = nodes
  const opensAt = new Date(Date.now() + opensInMs).toISOString()
  const terms = { couponId: 'spring', name, quantity: 2, opensAt }
  assert.equal(await post('/coupons', 'operator', terms), 201)

  const korean = { locale: 'ko-KR', viewport: { width: 390, height: 844 } }
  const ann = await openPage(t, browser, korean)
  await ann.page.goto(`${second.url}/events/spring#token=${second.token('ann')}`)
  const annReads = ann.page.getByRole('main').getByRole('status')
  await annReads.filter({ hasText: '시작' }).waitFor()
  await ann.page.getByRole('timer').waitFor()
  const cid = await openPage(t, browser, { ...korean, locale: 'en-US' })
  await cid.page.goto(`${second.url}/events/spring#token=${second.token('cid')}`)
  const cidReads = cid.page.getByRole('main').getByRole('status')

  const printed = await runRole({ role: 'console', env }, ['--url', first.url])
  const link = /http\S+#code=\S+/.exec(printed.out)?.[0] ?? ''
  assert.ok(link.startsWith(`${first.url}/console#`), printed.err)
  const wide = { locale: 'en-US', viewport: { width: 1440, height: 900 } }
  const { page, faults } = await openPage(t, browser, wide)
  await page.goto(link.replace(first.url, second.url))
  await page.getByRole('button', { name }).click()
  const region = page.getByRole('region', { name })
  await region.getByText('2 / 2', { exact: true }).waitFor()
  await page.getByText('2 of 2 nodes').waitFor()

  await ann.page.locator('main button:enabled').click({ timeout: opensInMs + changeMsMax })
  await annReads.filter({ hasText: '받았' }).waitFor({ timeout: changeMsMax })
  assert.equal(await post(claim, 'bob'), 201)
  await cidReads.filter({ hasText: 'sold out' }).waitFor({ timeout: changeMsMax })
  await region.getByText('0 / 2', { exact: true }).waitFor({ timeout: 2_000 })
  await keepPicture(page, 'distributed-sold-out')

  await tellSoldOut()
  await region.getByRole('button', { name: 'Restock', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Quantity to add').fill('10')
  await dialog.getByText('2 → 12').first().waitFor()
  await dialog.getByText('2 people were told sold out and may claim again.').waitFor()
  await dialog.getByLabel('Reason').fill('for those who came late')
  await dialog.getByRole('button', { name: 'Restock', exact: true }).click()
  await dialog.getByText(/offset \d+$/).waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await cidReads.filter({ hasText: 'first come' }).waitFor({ timeout: changeMsMax })
  await page.getByRole('link', { name: 'Time line', exact: true }).click()
  await page.getByText('for those who came late').waitFor()

  await first.crash()
  await page.getByText('1 of 2 nodes').waitFor({ timeout: goneMsMax })
  await keepPicture(page, 'distributed-node-gone')
  await cid.page.locator('main button:enabled').click()
  await cidReads.filter({ hasText: 'yours' }).waitFor({ timeout: changeMsMax })
  await region.getByText('9 / 12', { exact: true }).waitFor({ timeout: 2_000 })
  assert.deepEqual([...ann.faults, ...cid.faults, ...faults], [])
})
