// Tells of an outage once, and of its end: a change of leaders, which passes within the time that
// is given to it, is not worth a word.

import type { Cluster } from './cluster.ts'

export type Outage = { failed(reason: string): void; worked(): void }

/** `what` cannot be read, or reached. */
export function watchOutage(cluster: Cluster, what: string): Outage {
  const { clock, limits, onWarning } = cluster
  let since: number | null = null
  let warned = false
  return {
    failed(reason) {
      since ??= clock.now()
      if (warned || clock.now() - since < limits.outageMsMin) return
      warned = true
      onWarning(`${what} cannot be reached on Kafka now: ${reason}`)
    },
    worked() {
      if (warned) onWarning(`${what} can be reached on Kafka again`)
      since = null
      warned = false
    },
  }
}
