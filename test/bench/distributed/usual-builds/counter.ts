// B3: Redis counts. A set keeps out who asked before, INCR says which number this is, and within
// the quantity the answer is yes at once: the record for the consumer (consumer.ts) is sent by the
// client library's own batches, and nobody waits for it.

import { Producer, stringSerializers } from '@platformatic/kafka'
import { createClient } from '@redis/client'
import { Pool } from 'pg'
import { quantities, savedTopic, type UsualBuild } from './usual-build.ts'

/** As a Java producer with linger.ms=5. */
const batches = { batchSize: 1_000, batchTime: 5, highWaterMark: 100_000 }

export async function startCounter(urls: {
  postgresUrl: string
  redisUrl: string
  brokers: string
}): Promise<UsualBuild> {
  const pool = new Pool({ connectionString: urls.postgresUrl, max: 2 })
  const quantityOf = quantities(pool)
  const redis = createClient({ url: urls.redisUrl })
  redis.on('error', () => {})
  await redis.connect()
  const producer = new Producer({
    clientId: 'usual',
    bootstrapBrokers: urls.brokers.split(','),
    serializers: stringSerializers,
    acks: -1,
  })
  const records = producer.asStream(batches)
  records.on('error', (error: unknown) => console.error(error))
  return {
    async claim(couponId, userId) {
      const quantity = await quantityOf(couponId)
      const added = await redis.sAdd(`asked:{${couponId}}`, userId)
      if (added === 0) return { told: 'again' }
      const slot = await redis.incr(`count:{${couponId}}`)
      if (slot > quantity) return { told: 'sold-out' }
      const value = JSON.stringify({ couponId, userId, slot })
      records.write({ topic: savedTopic, key: couponId, value })
      return { told: 'issued', slot }
    },
    async close() {
      await records.close()
      await producer.close()
      await redis.close()
      await pool.end()
    },
  }
}
