// A service as it is started, for all tests of a file that look at it with a browser, and how one
// signs in to its console there.

import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import {
  removeDataDirectory,
  type ServiceProcess,
  startService,
  untilReady,
} from '../processes/service-process.ts'

/** Ends with the file, as the browser does; without a browser there is none: nothing is tried. */
export async function serviceFor(browser: Browser | string): Promise<ServiceProcess> {
  if (typeof browser === 'string') return {} as ServiceProcess
  const service = await startService()
  after(async () => {
    await browser.close()
    await service.stop()
    await removeDataDirectory(service.data)
  })
  await untilReady(service)
  return service
}

export async function signIn(context: BrowserContext, url: string, token: string): Promise<void> {
  const headers = { 'x-firstcome-console': '1' }
  const answer = await context.request.post(`${url}/console/session`, { data: { token }, headers })
  assert.equal(answer.status(), 200)
}
