// B1: the database decides. Each claim locks the coupon's row, looks, inserts and counts, all in
// one transaction. Right by itself; every claim of a coupon waits for the one before it.

import { Pool, type PoolClient } from 'pg'
import { poolConnections, type Told, type UsualBuild } from './usual-build.ts'

export function startRowLock(postgresUrl: string): UsualBuild {
  const pool = new Pool({ connectionString: postgresUrl, max: poolConnections })
  return {
    async claim(couponId, userId) {
      const client = await pool.connect()
      let failed: Error | undefined
      try {
        await client.query('begin')
        const told = await take(client, { couponId, userId })
        await client.query('commit')
        return told
      } catch (error) {
        failed = error as Error
        throw error
      } finally {
        // With an error the connection is dropped, and its transaction with it.
        client.release(failed)
      }
    },
    close: () => pool.end(),
  }
}

const lock = {
  name: 'lock',
  text: 'select quantity, issued from usual.coupons where coupon_id = $1 for update',
}
const find = {
  name: 'find',
  text: 'select slot from usual.issued where coupon_id = $1 and user_id = $2',
}
const insert = {
  name: 'insert',
  text: 'insert into usual.issued (coupon_id, user_id, slot) values ($1, $2, $3)',
}
const count = {
  name: 'count',
  text: 'update usual.coupons set issued = issued + 1 where coupon_id = $1',
}

type Claim = { couponId: string; userId: string }

async function take(client: PoolClient, { couponId, userId }: Claim): Promise<Told> {
  const locked = await client.query<{ quantity: number; issued: number }>({
    ...lock,
    values: [couponId],
  })
  const coupon = locked.rows[0] ?? { quantity: 0, issued: 0 }
  const found = await client.query({ ...find, values: [couponId, userId] })
  if (found.rows.length > 0) return { told: 'again' }
  if (coupon.issued >= coupon.quantity) return { told: 'sold-out' }
  const slot = coupon.issued + 1
  await client.query({ ...insert, values: [couponId, userId, slot] })
  await client.query({ ...count, values: [couponId] })
  return { told: 'issued', slot }
}
