// Processes that are killed and come back, as under a supervisor: whichever way one ends, another
// takes its place. Some come back with a fault that kills them at a point of their own.

import { waitFor } from '../../services/server-process.ts'
import type { RoleProcess } from '../processes/service-process.ts'

export type KeptOptions = {
  name: string
  start(env: Record<string, string>): Promise<RoleProcess>
  onStarted?(role: RoleProcess): Promise<void>
}
export type Kept = {
  name: string
  /** Kills the one that runs; what comes instead has this fault, or none. */
  kill(fault?: string): void
  /** From now on it comes back without a fault; resolves when one without a fault is ready. */
  heal(): Promise<void>
  /** How often it was killed, whichever way. */
  deaths(): number
  /** Nothing comes in its place any more; resolves when nothing is on its way. */
  release(): Promise<void>
  /** SIGTERM, and nothing comes in its place. */
  stop(): Promise<void>
}

/** In a row, without being ready once. */
const startsMax = 5

export async function keepRunning(options: KeptOptions): Promise<Kept> {
  const { name, start, onStarted } = options
  let fault: string | undefined
  let deaths = 0
  let kept = true
  let isUp = false
  let role = await start({})
  await onStarted?.(role)
  isUp = true
  const watching = watch()

  async function watch(): Promise<void> {
    for (;;) {
      await role.exited
      isUp = false
      deaths++
      await comeBack()
      if (!kept) return
    }
  }

  /** It may be killed before it is ready, by its own fault. */
  async function comeBack(): Promise<void> {
    for (let attempt = 1; kept; attempt++) {
      const env: Record<string, string> =
        fault === undefined ? {} : { FIRSTCOME_TEST_FAULTS: fault }
      try {
        role = await start(env)
        await onStarted?.(role)
        isUp = true
        return
      } catch (cause) {
        if (attempt === startsMax) throw new Error(`${name} does not come back`, { cause })
        deaths++
      }
    }
  }

  let failure: unknown
  let isOver = false
  watching.then(
    () => (isOver = true),
    (error: unknown) => (failure = error),
  )
  let armed = false
  return {
    name,
    kill(next) {
      fault = next
      armed ||= next !== undefined
      role.kill('SIGKILL')
    },
    async heal() {
      fault = undefined
      if (armed) {
        const before = role
        before.kill('SIGKILL')
        await waitFor(name, () => failure !== undefined || (isUp && role !== before))
      }
      await waitFor(name, () => failure !== undefined || isUp)
      if (failure !== undefined) throw failure
    },
    deaths: () => deaths,
    async release() {
      kept = false
      await waitFor(name, () => failure !== undefined || isUp || isOver)
    },
    async stop() {
      kept = false
      await waitFor(name, () => failure !== undefined || isUp)
      await role.stop()
    },
  }
}
