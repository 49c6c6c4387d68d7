// Every topic there is, in both profiles, and the partitions of the embedded ones.

import { claimsTopic, couponEventsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/records.ts'

export const allTopics = [claimsTopic, couponEventsTopic, ...orderTopics] as const

/**
 * As many as a small Kafka cluster would have, so that both profiles take the same paths. The
 * number may never change.
 */
const partitions = 4

export const embeddedTopics = Object.fromEntries(
  allTopics.map((topic) => [topic, partitions]),
) as Record<(typeof allTopics)[number], number>
