// The HTML of the event page: the coupon's name at once, everything else by its module. Its style
// stands in it, so that the first paint waits for nothing more.

import { webText } from './assets.ts'
import { escaped, languageButtons } from './html.ts'
import { pageHeaders } from './page-policy.ts'

export type EventPageSettings = {
  allowedOrigins?: readonly string[] | undefined
  signInUrl?: string | undefined
  isDemo?: boolean | undefined
  /** Whether sales can be checked. */
  hasProof?: boolean | undefined
}
export type EventPage = {
  headers: Readonly<Record<string, string>>
  /** `name`: null: there is no such coupon, or nobody knows now. */
  html(coupon: { couponId: string; name: string | null }, language: 'en' | 'ko'): string
}

export function createEventPage(settings: EventPageSettings): EventPage {
  const { allowedOrigins = [], signInUrl, isDemo, hasProof } = settings
  const style = webText('shared/page.css') + webText('event/page.css')
  const data = [
    ...(signInUrl === undefined ? [] : [`data-sign-in-url="${escaped(signInUrl)}"`]),
    ...(allowedOrigins.length === 0 ? [] : [`data-origins="${escaped(allowedOrigins.join(','))}"`]),
  ].join(' ')
  return {
    headers: pageHeaders({ styles: [style], frameAncestors: ["'self'", ...allowedOrigins] }),
    html: ({ couponId, name }, language) => `<!doctype html>
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
${languageButtons}
${isDemo ? demoChoice : ''}
<main><h1 class="name">${escaped(name ?? '')}</h1></main>
${hasProof && name !== null ? proofLink(couponId) : ''}
</body>
</html>
`,
  }
}

/** Its text is the module's. With the opener the token of this tab goes along. */
function proofLink(couponId: string): string {
  const path = `/events/${encodeURIComponent(couponId)}/proof`
  return `<footer><a class="proof" href="${path}" target="_blank" rel="opener"></a></footer>`
}

/** Shown by the module where it is asked for. */
const demoChoice = `<header>
<label class="demo" hidden><span></span><select></select></label>
</header>
`
