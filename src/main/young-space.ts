// Bounds the room for young objects of a command that makes many and forgets them soon. Node lets
// it grow to 128 MB as long as some survive, and a command cannot choose the options it is started
// with; but V8 asks how much to grow each time.

import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Half of it is in use at a time. With less an audit copies young objects for longer. */
const youngBytesMax = 16 * 1024 * 1024

/** For the rest of the process; looks after each collection, until it has grown so far. */
export function boundYoungSpace(bytesMax = youngBytesMax): void {
  const observer = new PerformanceObserver(() => {
    if (youngBytes() < bytesMax) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}

export function youngBytes(): number {
  const spaces = getHeapSpaceStatistics()
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}
