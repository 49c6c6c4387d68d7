// One fetch from the leader of some partitions, and what its answer means: records, trouble that
// may pass, or the end of what can be read.

import type { Instant } from '../../ports/clock.ts'
import { PortError } from '../../ports/coupons.ts'
import type { Cluster } from './cluster.ts'
import { ask, errorName, type Links, reasonOf } from './connection.ts'
import { type FetchedPartition, fetchApi } from './requests.ts'

/** A partition that is followed. */
export type Following = {
  partition: number
  next: number
  /** Under which leader the last record was written; −1: none was read. */
  readEpoch: number
  /** When nothing more was to be read. */
  readAt: Instant
}
export type Fetch = { topic: string; node: number; links: Links; wanted: readonly Following[] }

/** It may pass: the broker is away, or another one leads now. */
export class Trouble extends Error {}

/** Gives what was fetched, in the order of `wanted`. Throws Trouble, or log_damaged. */
export async function fetchRecords(cluster: Cluster, fetch: Fetch): Promise<FetchedPartition[]> {
  const { topic, node, wanted } = fetch
  const broker = cluster.broker(node)
  if (broker === undefined) throw new Trouble('a partition has no leader now')
  const { topicId, leaders } = cluster.topic(topic)
  const partitions = wanted.map(({ partition, next: offset, readEpoch }) => {
    return { partition, offset, readEpoch, leaderEpoch: leaders[partition]?.epoch ?? -1 }
  })
  const { fetchMsMax: waitMsMax, fetchBytesMax: bytesMax } = cluster.limits
  const answer = await fetch.links
    .to(broker)
    .then((opened) => ask(opened, fetchApi, [{ topicId, partitions, waitMsMax, bytesMax }]))
    .catch((error: unknown) => {
      throw new Trouble(reasonOf(error))
    })
  if (answer.errorCode !== 0) throw new Trouble(errorName(answer.errorCode))
  return answer.partitions
}

const offsetOutOfRange = 1
const corruptMessage = 2

/** Throws what the partition's own part of the answer reports. */
export function checkFetched(topic: string, fetched: FetchedPartition, next: number): void {
  const { partition, errorCode, start, end, divergesAt } = fetched
  const where = `partition ${partition} of ${topic}`
  if (errorCode === offsetOutOfRange) {
    const range = start >= 0 ? `, which has ${start} to ${end}` : ''
    throw damaged(
      `offset ${next} of ${where} is not in Kafka${range}: records were cut off (by retention, ` +
        'or the topic was made anew) or lost. Restore the topic',
    )
  }
  if (errorCode === corruptMessage) {
    throw damaged(`Kafka cannot read offset ${next} of ${where}: it is damaged`)
  }
  if (errorCode !== 0) throw new Trouble(`${where}: ${errorName(errorCode)}`)
  if (divergesAt >= 0) {
    throw damaged(
      `${where} was rewritten from offset ${divergesAt} on: records that were read are gone, as ` +
        'after an unclean leader election. Restore the topic',
    )
  }
}

function damaged(message: string): PortError {
  return new PortError('log_damaged', message)
}
