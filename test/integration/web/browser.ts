// A browser for tests: Debian's chromium, which is installed where that may be done.

import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { installPackages } from '../../services/server-process.ts'

const executablePath = '/usr/bin/chromium'

/** A text says why there is none, which is a reason to skip, unless everything must be checked. */
export async function browserForTests(): Promise<Browser | string> {
  if (!existsSync(executablePath)) installPackages(['chromium'])
  if (existsSync(executablePath)) {
    return chromium.launch({ executablePath, args: ['--no-sandbox'] })
  }
  const reason = 'needs chromium, which is not installed and cannot be: run it as root'
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}

/** What a service that is away, or has no time, leaves there is no fault of the page. */
const isOfService = /^Failed to load resource: (net::|.*status of 5\d\d )/

/** A page with a memory of its own, for as long as the test. `faults`: what it did wrong so far. */
export async function openPage(
  t: TestContext,
  browser: Browser | string,
  options: BrowserContextOptions,
) {
  if (typeof browser === 'string') throw new Error(browser)
  const context = await browser.newContext(options)
  t.after(() => context.close())
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !isOfService.test(text)) faults.push(text)
  })
  return { page, context, faults }
}

/** For people to look at: nothing is compared. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(tmpdir(), 'firstcome-pages', `${name}.png`) })
}

/**
 * What axe finds wrong for people who do not see it, or not as others do. A picture is kept for
 * those who see it.
 */
export async function accessibilityFaults(page: Page, picture: string): Promise<string[]> {
  await keepPicture(page, picture)
  // A policy that lets nothing in but the page's own holds for the page, and not for its debugger.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
