// How far Kafka was told that the consumers of orders had come. Rows below that are older than the
// log; older-rows.ts has the other thing that shows it.

import type { Database } from '../../adapters/database/database.ts'
import type { KafkaConnection } from '../../adapters/log-kafka/connection.ts'
import { describeGroup } from '../../adapters/log-kafka/groups.ts'
import { readPlaces } from '../../adapters/stores/places-reader.ts'
import { consumerGroup } from '../../consumer/consumer.ts'
import { type ConsumerName, consumerNames, topicsReadBy } from '../../ports/orders.ts'

/** The group of a consumer, and the topic whose partitions it shares out. */
export function groupOf(name: ConsumerName): { group: string; topic: string } {
  return { group: consumerGroup(name), topic: topicsReadBy[name][0] }
}

/** Consumers that Kafka was told had come further than their positions, each in words. */
export async function positionsGoneBack(
  connection: KafkaConnection,
  database: Database,
): Promise<string[]> {
  const faults: string[] = []
  for (const name of consumerNames) {
    const of = groupOf(name)
    const { topic } = of
    // Told after it was stored: whatever Kafka was told, the rows had.
    const { committed } = await describeGroup(connection, of)
    const places = await readPlaces(database)
    for (const [partition, told] of committed) {
      const at = places.find((one) => {
        return one.reader === name && one.topic === topic && one.partition === partition
      })
      const next = at?.next ?? 0
      if (next >= told) continue
      faults.push(`${name} had read partition ${partition} of ${topic} up to ${told}, not ${next}`)
    }
  }
  return faults
}
