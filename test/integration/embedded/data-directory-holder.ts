// A process that holds a data directory until it is told to let go: a line on its standard input
// closes it. Prints one line of JSON: what it got, or why it was refused.

import { openDataDirectory } from '../../../src/adapters/data-directory.ts'

const [path = '', url] = process.argv.slice(2)
try {
  const directory = openDataDirectory({ path, now: Date.now() })
  if (url !== undefined) directory.announce(url)
  process.stdin.once('data', () => {
    directory.close()
    process.stdin.destroy()
  })
  console.log(JSON.stringify({ held: true, secrets: directory.secrets }))
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  console.log(JSON.stringify({ held: false, code, message }))
}
