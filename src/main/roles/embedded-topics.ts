// The topics of the embedded log and their partitions, whose number may never change.

import { allTopics } from './topics.ts'

/** As many as a small Kafka cluster would have, so that both profiles take the same paths. */
const partitions = 4

export const embeddedTopics = Object.fromEntries(
  allTopics.map((topic) => [topic, partitions]),
) as Record<(typeof allTopics)[number], number>
