// B2: Redis keeps the queue. A sorted set by arrival; each user is told the place, which is a yes
// where it lies within the quantity. Every second the scheduler (scheduler.ts) makes rows of it.

import { createClient } from '@redis/client'
import { Pool } from 'pg'
import { quantities, type UsualBuild } from './usual-build.ts'

export const queueKey = (couponId: string) => `queue:{${couponId}}`
export const issuedKey = (couponId: string) => `issued:{${couponId}}`
export const winnersKey = (couponId: string) => `winners:{${couponId}}`

export async function startSortedSet(urls: {
  postgresUrl: string
  redisUrl: string
}): Promise<UsualBuild> {
  const pool = new Pool({ connectionString: urls.postgresUrl, max: 2 })
  const quantityOf = quantities(pool)
  const redis = createClient({ url: urls.redisUrl })
  redis.on('error', () => {})
  await redis.connect()
  return {
    async claim(couponId, userId) {
      const quantity = await quantityOf(couponId)
      // Sent at once and run as one. The client sends what is asked in the same turn together.
      const [won, added, rank, issued] = await redis
        .multi()
        .sIsMember(winnersKey(couponId), userId)
        .zAdd(queueKey(couponId), { score: Date.now(), value: userId }, { condition: 'NX' })
        .zRank(queueKey(couponId), userId)
        .get(issuedKey(couponId))
        .execTyped()
      if (won === 1) return { told: 'again' }
      const place = Number(issued ?? 0) + Number(rank) + 1
      if (place > quantity) return { told: 'sold-out' }
      return added === 1 ? { told: 'issued', slot: place } : { told: 'again' }
    },
    async close() {
      await redis.close()
      await pool.end()
    },
  }
}
