// What `firstcome start` says once the service listens.

import { resolve } from 'node:path'

export type Welcome = {
  url: string
  dataDirectory: string
  /** Whether there was nothing in the data directory before. */
  firstRun: boolean
  /** Whether the secrets are kept in the data directory, not given by the environment. */
  secretsKept: boolean
  /** Of the page to try it out with. */
  demoPath?: string | undefined
}

/** At most 14 lines, the last one ended. Later starts are told less. */
export function welcomeText(welcome: Welcome): string {
  const lines = [`firstcome listens on ${welcome.url}`, `Its data is in ${welcome.dataDirectory}`]
  if (welcome.demoPath) lines.push(`Try it in a browser: ${welcome.url}${welcome.demoPath}`)
  if (welcome.firstRun) {
    const secrets = welcome.secretsKept
      ? 'A first start: its secrets were made and are kept there, keep them with the data.'
      : 'A first start: its secrets are the ones you gave, keep them with the data.'
    const where = dataFlag(welcome.dataDirectory)
    lines.push(
      secrets,
      '',
      `A token for a user:  npx firstcome token --user kim${where}`,
      'Then try, in another terminal:',
      `  npx firstcome coupon create --name "First sale" --quantity 100${where}`,
      `  npx firstcome rehearse${where}`,
      `  npx firstcome audit${where}`,
      '',
    )
  }
  lines.push('Stop it with Ctrl-C: what was accepted is answered first.')
  return `${lines.join('\n')}\n`
}

/** Commands look in ./data by themselves. */
function dataFlag(dataDirectory: string): string {
  if (dataDirectory === resolve('data')) return ''
  const plain = /^[\w./-]+$/.test(dataDirectory)
  return ` --data ${plain ? dataDirectory : `'${dataDirectory.replaceAll("'", "'\\''")}'`}`
}
