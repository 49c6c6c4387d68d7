// A reporter for node:test that ends a run with the ten slowest test files and their seconds. It
// stands beside the runner's own reporter, which says everything else.

import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { setImmediate as afterOthers } from 'node:timers/promises'

const filesMax = 10

// oxlint-disable-next-line import/no-default-export -- node:test looks for one
export default async function* slowestFiles(events: AsyncIterable<TestEvent>) {
  const files: { file: string; ms: number }[] = []
  for await (const { type, data } of events) {
    if (type !== 'test:summary' || data.file === undefined) continue
    files.push({ file: relative(process.cwd(), data.file), ms: data.duration_ms })
  }
  // The other reporter writes its summary first.
  await afterOthers()
  const slowest = files.toSorted((a, b) => b.ms - a.ms).slice(0, filesMax)
  yield `\nThe slowest of ${files.length} test files, in seconds:\n`
  for (const { file, ms } of slowest) yield `${(ms / 1000).toFixed(1).padStart(8)}  ${file}\n`
}
