// A test of a contract gets what it tests newly opened, and closed when it is through.

import { it } from 'node:test'

type Closable = { close(): Promise<void> }

export function testOpened<Opened extends Closable>(open: () => Promise<Opened>) {
  return (title: string, run: (opened: Opened) => Promise<void>): void => {
    it(title, async () => {
      const opened = await open()
      try {
        await run(opened)
      } finally {
        await opened.close()
      }
    })
  }
}
