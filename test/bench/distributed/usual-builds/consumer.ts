// B3's second process: one row for each record, as it comes. The offset is committed once all that
// one poll gave has been inserted, at most 500 records: what Spring does unless told otherwise.

import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { Client } from 'pg'
import { savedTopic } from './usual-build.ts'

const recordsPerCommit = 500

const { USUAL_POSTGRES_URL: postgresUrl, USUAL_KAFKA_BROKERS: brokers = '' } = process.env
const database = new Client({ connectionString: postgresUrl })
await database.connect()
const consumer = new Consumer({
  clientId: 'usual',
  groupId: 'usual-consumer',
  bootstrapBrokers: brokers.split(','),
  deserializers: stringDeserializers,
})
const stream = await consumer.consume({
  topics: [savedTopic],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false,
  // A third of what is usual, so that the benchmark need not wait so long after a kill.
  sessionTimeout: 10_000,
  heartbeatInterval: 1_000,
  maxWaitTime: 250,
})
process.once('SIGTERM', () => {
  void (async () => {
    await stream.close()
    await consumer.close(true)
    await database.end()
  })()
})
process.stdout.write('{"url":"http://consumer"}\n')

let uncommitted = 0
for await (const message of stream) {
  const { couponId, userId, slot } = JSON.parse(message.value) as {
    couponId: string
    userId: string
    slot: number
  }
  await database.query({
    name: 'save',
    text: 'insert into usual.saved (coupon_id, user_id, slot) values ($1, $2, $3)',
    values: [couponId, userId, slot],
  })
  uncommitted += 1
  if (uncommitted < recordsPerCommit && stream.readableLength > 0) continue
  uncommitted = 0
  await message.commit()
}
