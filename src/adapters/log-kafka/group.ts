// Membership in a Kafka consumer group, for the sharing out of partitions and nothing else: what
// was read is stored with its effect, and that fences whoever has lost a partition and does not
// know it yet. A member that was thrown out, or whose broker was away, comes back by itself.

import { type JoinOptions, type Membership, PortError } from '../../ports/coupons.ts'
import type { Cluster } from './cluster.ts'
import { reasonOf } from './connection.ts'
import { createMember } from './member.ts'
import { watchOutage } from './outage.ts'
import { pause } from './pause.ts'

export function joinKafka(cluster: Cluster, options: JoinOptions): Membership {
  const { clock, limits } = cluster
  // The coordinator answers who joins when every member has joined again.
  const links = cluster.newLinks(2 * limits.sessionMs)
  const ended = Promise.withResolvers<void>()
  const member = createMember({ ...options, cluster, links })
  let isEnded = false
  const outage = watchOutage(cluster, `the group ${options.group}`)

  async function takePart(): Promise<void> {
    while (!isEnded) {
      try {
        await member.step()
        outage.worked()
        await pause({
          clock,
          ms: member.hasJoined() ? limits.heartbeatMs : 0,
          ended: ended.promise,
        })
      } catch (error) {
        if (isEnded) return
        if (error instanceof PortError) throw error
        outage.failed(reasonOf(error))
        member.forgetCoordinator()
        await pause({ clock, ms: limits.retryMs, ended: ended.promise })
        await cluster.refresh().catch(() => {})
      }
    }
  }

  const taking = takePart().catch((error: unknown) => options.onError(error))
  return {
    async commit(next) {
      for (const [partition, offset] of next) member.positions.set(partition, offset)
    },
    async leave() {
      if (isEnded) return taking
      isEnded = true
      ended.resolve()
      // What waits for an answer is cut off: only the leaving itself is worth a wait.
      links.close()
      await taking
      const parting = cluster.newLinks()
      await member.leave(parting).catch(() => {})
      parting.close()
    },
  }
}
