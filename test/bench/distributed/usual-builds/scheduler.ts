// B2's second process: every second it makes rows of those who are first in line, many at once,
// and only then takes them off the queue. Done twice after a crash, it changes nothing.

import { createClient } from '@redis/client'
import { Client } from 'pg'
import { issuedKey, queueKey, winnersKey } from './sorted-set.ts'

const everyMs = 1_000
const usersAtOnce = 1_000

const { USUAL_POSTGRES_URL: postgresUrl, USUAL_REDIS_URL: redisUrl } = process.env
const database = new Client({ connectionString: postgresUrl })
const redis = createClient(redisUrl === undefined ? {} : { url: redisUrl })
redis.on('error', () => {})
await Promise.all([database.connect(), redis.connect()])

let stopping = false
process.once('SIGTERM', () => {
  stopping = true
})
process.stdout.write('{"url":"http://scheduler"}\n')

while (!stopping) {
  const startedAt = performance.now()
  const { rows } = await database.query<{ coupon_id: string }>(
    'select coupon_id from usual.coupons where issued < quantity',
  )
  for (const { coupon_id: couponId } of rows) while (await drain(couponId));
  const waitMs = Math.max(0, startedAt + everyMs - performance.now())
  await new Promise((resolve) => setTimeout(resolve, waitMs))
}
await redis.close()
await database.end()

/** Whether there may be more to do. */
async function drain(couponId: string): Promise<boolean> {
  const users = await redis.zRange(queueKey(couponId), 0, usersAtOnce - 1)
  if (users.length === 0) return false
  await database.query('begin')
  const { rows } = await database.query<{ quantity: number; issued: number }>({
    name: 'lock',
    text: 'select quantity, issued from usual.coupons where coupon_id = $1 for update',
    values: [couponId],
  })
  const { quantity, issued } = rows[0] ?? { quantity: 0, issued: 0 }
  const held = await database.query<{ user_id: string }>({
    name: 'held',
    text: `select asked.user_id
      from unnest($2::text[]) as asked (user_id),
        lateral (select 1 from usual.issued as held
          where held.coupon_id = $1 and held.user_id = asked.user_id limit 1) as found`,
    values: [couponId, users],
  })
  const holders = new Set(held.rows.map(({ user_id: userId }) => userId))
  const winners = users.filter((user) => !holders.has(user)).slice(0, quantity - issued)
  await save(couponId, winners, issued)
  await database.query('commit')
  const total = issued + winners.length
  const change = redis.multi().set(issuedKey(couponId), total).zRem(queueKey(couponId), users)
  const won = [...winners, ...holders]
  if (won.length > 0) change.sAdd(winnersKey(couponId), won)
  await change.exec()
  if (total < quantity) return users.length === usersAtOnce
  await redis.del(queueKey(couponId))
  return false
}

async function save(couponId: string, users: readonly string[], issued: number): Promise<void> {
  await database.query({
    name: 'save',
    text: `insert into usual.issued (coupon_id, user_id, slot)
      select $1, user_id, $3 + place from unnest($2::text[]) with ordinality as t (user_id, place)`,
    values: [couponId, users, issued],
  })
  await database.query({
    name: 'count',
    text: 'update usual.coupons set issued = issued + $2 where coupon_id = $1',
    values: [couponId, users.length],
  })
}
