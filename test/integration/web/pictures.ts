// Takes the pictures of the README from a real run: a sale in one process, watched by an operator,
// and what somebody sees who has won, each in both languages. Nothing is compared.
//   node test/integration/web/pictures.ts     writes docs/pictures/

import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { Crowd } from '../processes/crowd.ts'
import { removeDataDirectory, startService } from '../processes/service-process.ts'
import { browserForTests } from './browser.ts'

const directory = join(import.meta.dirname, '../../../docs/pictures')
const sale = { couponId: 'summer', quantity: 3_000 }
const locales = { en: 'en-US', ko: 'ko-KR' } as const
const names = { en: 'Summer sale: half off one tea', ko: '여름 맞이 선착순 반값 쿠폰' } as const
/** Long enough for the charts to show something. */
const saleSeconds = 60
const perSecondMax = 80

type Language = keyof typeof locales

const later = { en: 'Autumn sale', ko: '가을 선착순 쿠폰' } as const
const opensAt = new Date(Date.now() + 3 * 3_600_000).toISOString()
const claim = { en: 'Get the coupon', ko: '쿠폰 받기' } as const
const copy = { en: 'Copy', ko: '복사' } as const

for (const language of ['en', 'ko'] as const) await takePictures(language)

async function takePictures(language: Language): Promise<void> {
  const browser = await browserForTests()
  if (typeof browser === 'string') throw new Error(browser)
  const service = await startService()
  const crowd = new Crowd(service)
  // As the pages of each language are called.
  const ending = language === 'en' ? '' : '.ko'
  try {
    await crowd.create({ ...sale, name: names[language] })
    await crowd.create({ couponId: 'autumn', quantity: 500, name: later[language], opensAt })
    const size = { viewport: { width: 1_280, height: 980 } }
    const watching = await open(browser, { ...size, locale: locales[language] })
    const { text } = await crowd.command('/console/codes')
    const { code } = JSON.parse(text) as { code: string }
    await watching.goto(`${service.url}/console#code=${code}`)
    await watching.getByRole('button', { name: names[language] }).click()
    await storm(crowd)
    await keep(watching, `console${ending}`)

    const phone = { viewport: { width: 390, height: 560 }, deviceScaleFactor: 2 }
    const winner = await open(browser, { ...phone, locale: locales[language] })
    await winner.goto(`${service.url}/events/${sale.couponId}#token=${service.token('kim')}`)
    await winner.getByRole('button', { name: claim[language], exact: true }).click()
    await winner.getByRole('button', { name: copy[language], exact: true }).waitFor()
    await keep(winner, `event${ending}`)
  } finally {
    await crowd.close()
    await browser.close()
    await service.stop()
    await removeDataDirectory(service.data)
  }
}

/** Fewer and more people in turn; every fifth asks twice. */
async function storm(crowd: Crowd): Promise<void> {
  let user = 0
  for (let second = 0; second < saleSeconds; second++) {
    const count = Math.round(perSecondMax * (0.55 + 0.45 * Math.sin(second / 5)))
    const until = performance.now() + 1_000
    const users = Array.from({ length: count }, () => `user-${user++}`)
    const again = users.filter((_, n) => n % 5 === 0)
    await Promise.all([...users, ...again].map((one) => crowd.claim(sale.couponId, one)))
    await new Promise((resolve) => setTimeout(resolve, until - performance.now()))
  }
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext({ reducedMotion: 'reduce', ...options })).newPage()
}

async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(directory, `${name}.png`) })
}
