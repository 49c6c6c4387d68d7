// Asks whoever sits at the terminal whether something may be done. Where nobody does, nobody says
// so: scripts have an option for it.

import { createInterface } from 'node:readline/promises'

/** Whether the answer begins with y. Asks on standard error, so that the output stays a report. */
export async function askPerson(what: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // A terminal that is read line by line gives Ctrl-C to its reader.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return /^y/i.test(await lines.question(`${what}. Go on? (y/N) `, { signal }))
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return false
    throw error
  } finally {
    lines.close()
  }
}
