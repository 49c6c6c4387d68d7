// A wall clock that a test sets while processes run: preloaded into them, it adds to the real one
// what stands in a file, in every thread. Timers and the monotonic clock go on as they are, as
// when the time of a machine is set.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const lookEveryMs = 20

export class LeapingClock {
  private readonly path = join(tmpdir(), `firstcome-clock-${process.pid}-${performance.now()}`)

  constructor() {
    writeFileSync(this.path, '0')
  }

  /** For the environment of a process. */
  env(): Record<string, string> {
    return { NODE_OPTIONS: `--import ${import.meta.url}`, LEAPING_CLOCK: this.path }
  }

  /** Resolves once every process has it: `ms` ahead of the real one, or behind. */
  async set(ms: number): Promise<void> {
    writeFileSync(this.path, String(ms))
    await sleep(10 * lookEveryMs)
  }

  remove(): void {
    rmSync(this.path, { force: true })
  }
}

const { LEAPING_CLOCK: path } = process.env
if (path !== undefined) {
  const real = Date.now
  let aheadMs = 0
  const look = () => {
    const text = readFileSync(path, 'utf8')
    if (text !== '') aheadMs = Number(text)
  }
  look()
  setInterval(look, lookEveryMs).unref()
  const RealDate = Date
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number]) {
      if (given.length === 0) super(real() + aheadMs)
      else super(...given)
    }

    static override now(): number {
      return real() + aheadMs
    }
  } as DateConstructor
}
