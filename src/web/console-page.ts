// The HTML of the console: nothing but what loads its modules.

import { importMap } from './assets.ts'
import { pageHeaders } from './page-policy.ts'

export const consolePage = {
  headers: pageHeaders({ scripts: [importMap], frameAncestors: [] }),
  html: (language: 'en' | 'ko') => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>firstcome</title>
<link rel="icon" href="/assets/shared/icon.svg">
<link rel="stylesheet" href="/assets/shared/page.css">
<link rel="stylesheet" href="/assets/console/page.css">
<link rel="stylesheet" href="/assets/console/support/page.css">
<link rel="stylesheet" href="/assets/console/runs/page.css">
<link rel="stylesheet" href="/assets/console/acts/page.css">
<link rel="stylesheet" href="/assets/console/one-screen.css">
<script type="importmap">${importMap}</script>
<script type="module" src="/assets/console/page.js"></script>
</head>
<body><div id="console"></div></body>
</html>
`,
}
