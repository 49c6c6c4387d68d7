// A member of a group in a process of its own, to be killed: prints its share whenever it changes.

import { systemClock } from '../../../src/adapters/clock-system.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import { connectionTo } from './log-parts.ts'

const [brokers = '', topic = '', group = ''] = process.argv.slice(2)
const log = await startKafkaLog({
  connection: connectionTo(brokers),
  topics: [topic],
  clock: systemClock(),
})
await log.join({
  topic,
  group,
  onAssigned: (partitions) => console.log(JSON.stringify(partitions)),
  onError(error) {
    console.error(error)
    process.exit(1)
  },
})
