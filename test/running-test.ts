// Loaded before each test file: notes which test is running, where the runner finds it although
// the process hangs in a loop and can say nothing. See file-report.ts.

import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach } from 'node:test'
import { isMainThread } from 'node:worker_threads'

export function noteOf(pid: number): string {
  return join(tmpdir(), `firstcome-test-of-${pid}`)
}

if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  const note = noteOf(process.pid)
  beforeEach((context) => writeFileSync(note, context.fullName))
}
