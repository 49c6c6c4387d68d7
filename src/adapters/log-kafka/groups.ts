// What Kafka knows of a group of readers from outside: who is in it, and how far it has told Kafka
// that it has come. Nothing is decided by the latter; it only shows rows that are older.

import type { KafkaConnection } from './connection.ts'
import { withAdmin } from './topics.ts'

export type GroupState = {
  members: number
  /** By partition of the topic; what was never committed is missing. */
  committed: Map<number, number>
}

/** Rejects with log_unavailable where no broker answers. */
export function describeGroup(
  connection: KafkaConnection,
  { group, topic }: { group: string; topic: string },
): Promise<GroupState> {
  return withAdmin(connection, async (admin) => {
    const described = await admin.describeGroups({ groups: [group] })
    const [offsets] = await admin.listConsumerGroupOffsets({ groups: [group] })
    const committed = new Map<number, number>()
    for (const { name, partitions } of offsets?.topics ?? []) {
      if (name !== topic) continue
      for (const { partitionIndex, committedOffset } of partitions) {
        if (committedOffset >= 0n) committed.set(partitionIndex, Number(committedOffset))
      }
    }
    return { members: described.get(group)?.members.size ?? 0, committed }
  })
}
