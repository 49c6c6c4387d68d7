// The topics of the embedded log and their partitions, whose number may never change.

import { claimsTopic, couponEventsTopic } from '../domain/coupons/messages.ts'

/** As many as a small Kafka cluster would have, so that both profiles take the same paths. */
export const embeddedTopics = { [claimsTopic]: 4, [couponEventsTopic]: 4 }
