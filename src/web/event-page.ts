// The HTML of the event page: the coupon's name at once, everything else by its module. Its style
// stands in it, so that the first paint waits for nothing more.

import { webText } from './assets.ts'
import { pageHeaders } from './page-policy.ts'

export type EventPageSettings = {
  allowedOrigins?: readonly string[] | undefined
  signInUrl?: string | undefined
  isDemo?: boolean | undefined
}
export type EventPage = {
  headers: Readonly<Record<string, string>>
  /** `name`: of the coupon; null: there is none, or nobody knows now. */
  html(name: string | null, language: 'en' | 'ko'): string
}

export function createEventPage(settings: EventPageSettings): EventPage {
  const { allowedOrigins = [], signInUrl, isDemo } = settings
  const style = webText('shared/page.css') + webText('event/page.css')
  const data = [
    ...(signInUrl === undefined ? [] : [`data-sign-in-url="${escaped(signInUrl)}"`]),
    ...(allowedOrigins.length === 0 ? [] : [`data-origins="${escaped(allowedOrigins.join(','))}"`]),
  ].join(' ')
  return {
    headers: pageHeaders({ styles: [style], frameAncestors: ["'self'", ...allowedOrigins] }),
    html: (name, language) => `<!doctype html>
<html lang="${language}" ${data}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name ?? 'firstcome')}</title>
<link rel="icon" href="/assets/shared/icon.svg">
<script type="module" src="/assets/event.js"></script>
<style>${style}</style>
</head>
<body>
<nav aria-label="Language / 언어">
<button type="button" lang="ko">한국어</button>
<button type="button" lang="en">English</button>
</nav>
${isDemo ? demoChoice : ''}
<main><h1 class="name">${escaped(name ?? '')}</h1></main>
</body>
</html>
`,
  }
}

/** Shown by the module where it is asked for. */
const demoChoice = `<header>
<label class="demo" hidden><span></span><select></select></label>
</header>
`

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
