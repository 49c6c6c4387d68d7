// Shares the partitions of a topic among the members of a group inside one process.

import type { JoinOptions, Log } from '../../ports/log.ts'

type Member = { options: JoinOptions; share: string }

/** Partition p goes to member p mod n, in the order of joining; members are notified of changes. */
export function createLocalGroups(partitionsOf: Log['partitionsOf']): Pick<Log, 'join'> {
  const groups = new Map<string, Member[]>()

  function share(topic: string, members: readonly Member[]): void {
    members.forEach((member, n) => {
      const partitions: number[] = []
      for (let p = n; p < partitionsOf(topic); p += members.length) partitions.push(p)
      const changed = member.share !== partitions.join()
      member.share = partitions.join()
      if (changed) queueMicrotask(() => member.options.onAssigned(partitions))
    })
  }

  return {
    async join(options) {
      const name = `${options.group} ${options.topic}`
      const members = groups.get(name) ?? []
      groups.set(name, members)
      const member: Member = { options, share: 'none yet' }
      members.push(member)
      share(options.topic, members)
      return {
        commit: () => Promise.resolve(),
        async leave() {
          const at = members.indexOf(member)
          if (at >= 0) members.splice(at, 1)
          share(options.topic, members)
        },
      }
    },
  }
}
