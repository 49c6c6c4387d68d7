// What it costs to check a sale of many entries: by the command, by the program of a hundred lines,
// and by the page in a browser. Time of all of it, pages over loopback among it, and memory.

import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createFold } from '../../src/domain/coupons/fold.ts'
import type { CouponMessage } from '../../src/domain/coupons/messages.ts'
import { applyAsLeaf } from '../../src/domain/proof/leaf.ts'
import { startTestServer } from '../integration/http/fixture.ts'
import { browserForTests } from '../integration/web/browser.ts'
import {
  couponId,
  keyOf,
  ownKey,
  type PublishedSale,
  prefix,
  proofSecret,
  publish,
  serveSale,
  whoIn,
} from '../models/published-sale.ts'
import { runWithPeak } from './child-process.ts'
import { machineText } from './machine.ts'
import type { PartOptions, PartReport } from './summary/part.ts'

type Checked = { seconds: number; megabytes: number }

const start = Date.UTC(2026, 4, 1, 9)
const checkMsMax = 300_000

export async function measureProof({ quick }: PartOptions): Promise<PartReport> {
  const entries = quick ? 100_000 : 1_000_000
  const leaves = leavesOf(entries)
  const bytes = leaves.reduce((sum, leaf) => sum + leaf.length + 1, 0) / leaves.length
  const sale = await serveSale(publish(leaves))
  try {
    const checks = {
      command: await byProgram(['bin/firstcome.js', 'verify', sale.url]),
      program: await byProgram(['tools/verify-sale.mjs', sale.url]),
      page: await inBrowser(sale),
    }
    const report = { machine: machineText(), entries, bytes: Math.round(bytes), ...checks }
    return { text: textOf(report), figures: {}, voids: [], report }
  } finally {
    await sale.close()
  }
}

/** Half of them winners. */
function leavesOf(entries: number): string[] {
  const fold = createFold(1)
  const leaves: string[] = []
  const quantity = Math.floor(entries / 2)
  const terms = { name: 'First sale', quantity, opensAt: start, closesAt: start + 86_400_000 }
  let at = 0
  for (let n = 0; n < entries; n++) {
    const message: CouponMessage =
      n === 0
        ? { type: 'coupon.created', rules: 1, terms, couponId, by: 'op', commandId: 'c' }
        : { type: 'coupon.claimed', couponId, userId: `user-${n}`, claimId: `claim ${n}` }
    const { leaf } = applyAsLeaf(
      { message, partition: 0, offset: n, appendedAt: start + n },
      { fold, whoOf: (userId) => whoIn(couponId, userId), before: { size: leaves.length, at } },
    )
    if (leaf === null) throw new Error(`record ${n} makes no leaf`)
    leaves.push(leaf.text)
    at = leaf.at
  }
  return leaves
}

async function byProgram(args: readonly string[]): Promise<Checked> {
  const command = { args: [...args, '--coupon', couponId], cores: undefined }
  const { output, seconds, megabytes } = await runWithPeak(command)
  if (!/proved/i.test(output)) throw new Error(`nothing was checked: ${output}`)
  return { seconds, megabytes }
}

/** The page and its modules by the real server, the calls of the proof by the sale. */
async function inBrowser(sale: PublishedSale): Promise<Checked> {
  const stops: (() => unknown)[] = []
  const context = { after: (stop: () => unknown) => stops.push(stop) } as unknown as TestContext
  try {
    const keys = async () => [keyOf(ownKey, prefix)]
    const proof = { prefix, keys, secret: proofSecret, reader: () => null }
    const { address, call } = await startTestServer(context, { proof })
    const json = { couponId, name: 'First sale', quantity: 1 }
    await call('POST /coupons', { as: 'operator', json })
    const calls = `/coupons/${couponId}/proof/`
    const front = createServer((request, response) => {
      const path = request.url ?? '/'
      void fetch(`${path.startsWith(calls) ? sale.url : address}${path}`).then(async (answer) => {
        const body = Buffer.from(await answer.arrayBuffer())
        const { 'content-encoding': _, ...headers } = Object.fromEntries(answer.headers)
        response.writeHead(answer.status, { ...headers, 'content-length': body.length }).end(body)
      })
    })
    await once(front.listen(0, '127.0.0.1'), 'listening')
    stops.push(
      () => front.closeAllConnections(),
      () => front.close(),
    )
    const { port } = front.address() as AddressInfo
    return await checkedAt(`http://127.0.0.1:${port}/events/${couponId}/proof`)
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

async function checkedAt(url: string): Promise<Checked> {
  const browser = await browserForTests()
  if (typeof browser === 'string') throw new Error(browser)
  try {
    const page = await (await browser.newContext({ locale: 'en-US' })).newPage()
    await page.goto(url)
    const begunAt = performance.now()
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    const status = page.getByRole('status')
    await status.filter({ hasText: /is what its checkpoint says/ }).waitFor({ timeout: checkMsMax })
    const seconds = (performance.now() - begunAt) / 1000
    return { seconds, megabytes: Math.max(...rendererPeaks()) }
  } finally {
    await browser.close()
  }
}

/** In MB, of the processes that run pages: the largest is the one that has checked. */
function rendererPeaks(): number[] {
  return globSync('/proc/[0-9]*').flatMap((directory) => {
    try {
      const command = readFileSync(`${directory}/cmdline`, 'utf8')
      if (!command.includes('--type=renderer')) return []
      const status = readFileSync(`${directory}/status`, 'utf8')
      return [Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024]
    } catch {
      return []
    }
  })
}

type Report = Record<'command' | 'program' | 'page', Checked> & {
  machine: string
  entries: number
  bytes: number
}

function textOf({ machine, entries, bytes, ...checks }: Report): string {
  const lines = [
    ['firstcome verify', checks.command],
    ['tools/verify-sale.mjs', checks.program],
    ['the page in Chromium', checks.page],
  ] as const
  return [
    machine,
    `A sale of ${entries.toLocaleString('en')} entries of ${bytes} bytes, checked over loopback:`,
    ...lines.map(([name, { seconds, megabytes }]) => {
      const figures = `${seconds.toFixed(1).padStart(6)} s ${megabytes.toFixed(0).padStart(6)} MB`
      return `  ${name.padEnd(24)}${figures}`
    }),
    '',
  ].join('\n')
}
