// The HTML of the page on which anybody checks a sale; all else is done by its module, and the
// check by a worker, which is why its policy allows one.

import { proofModules } from './assets.ts'
import { escaped, languageButtons } from './html.ts'
import { pageHeaders } from './page-policy.ts'

export const proofPage = {
  headers: pageHeaders({ frameAncestors: [], hasWorker: true }),
  /** `name`: of the coupon; null: there is none, or nobody knows now. */
  html: (name: string | null, language: 'en' | 'ko') => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name ?? 'firstcome')}</title>
<link rel="icon" href="/assets/shared/icon.svg">
<link rel="stylesheet" href="/assets/shared/page.css">
<link rel="stylesheet" href="/assets/proof/page.css">
<script type="module" src="${proofModules}web/proof/page.js"></script>
</head>
<body>
${languageButtons}
<main><h1>${escaped(name ?? '')}</h1></main>
</body>
</html>
`,
}
