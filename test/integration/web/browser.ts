// A browser for tests: Debian's chromium, which is installed where that may be done.

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
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
