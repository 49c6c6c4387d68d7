// The topics of a rehearsal's coupon in Kafka. Loaded only where there are brokers: its client
// takes longer than a small rehearsal does.

import { systemClock } from '../../../adapters/clock-system.ts'
import { startKafkaLog } from '../../../adapters/log-kafka/log-kafka.ts'
import type { Settings } from '../../../config/settings.ts'
import type { Log } from '../../../ports/log.ts'
import { kafkaConnection } from '../../roles/distributed.ts'

export function openEventsKafka(settings: Settings, topics: readonly string[]): Promise<Log> {
  const connection = kafkaConnection(settings, 'rehearse')
  return startKafkaLog({ connection, topics, clock: systemClock() })
}
