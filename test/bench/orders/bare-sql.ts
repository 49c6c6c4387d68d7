// The bare transactions that an order needs, run by pgbench on the same PostgreSQL: what firstcome
// is held against. No log, no API, no undoing; durable as every transaction of the server is.

import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { findPostgres } from '../../services/postgres.ts'
import { endOf } from '../child-process.ts'
import { products } from './order-load.ts'

export type BareSql = {
  /** With so many clients, for so long. */
  ordersPerSecond(options: { clients: number; seconds: number }): Promise<number>
}

/** Far beyond what it does here: no user orders twice, or pgbench fails. */
const ordersPerSecondMax = 6_000
const usersMax = 500_000
const tables = fileURLToPath(import.meta.resolve('./bare-tables.sql'))
const script = fileURLToPath(import.meta.resolve('./bare-order.sql'))

export async function prepareBareSql(url: string): Promise<BareSql> {
  const binaries = findPostgres()
  if (binaries === null) throw new Error('PostgreSQL is not installed')
  const psql = join(dirname(binaries), 'bin', 'psql')
  const supplies = [
    `insert into products select 'product-' || n, 1000, 10000000
       from generate_series(0, ${products - 1}) n`,
    `insert into issued_coupons select 'sale', 'user-' || n from generate_series(1, ${usersMax}) n`,
    `insert into balances select 'user-' || n, 1000000 from generate_series(1, ${usersMax}) n`,
    'vacuum analyze',
  ]
  const asked = supplies.flatMap((statement) => ['--command', statement])
  await output([psql, '--quiet', '--set=ON_ERROR_STOP=1', '--file', tables, ...asked, url])
  let first = 0
  return {
    async ordersPerSecond({ clients, seconds }) {
      const usersEach = Math.ceil((ordersPerSecondMax * seconds) / clients)
      if (first + clients * usersEach > usersMax) throw new Error('pgbench has no users left')
      const printed = await output([
        join(binaries, 'pgbench'),
        '--no-vacuum',
        '--protocol=prepared',
        `--client=${clients}`,
        `--time=${seconds}`,
        ...Object.entries({ n: 0, first, users_each: usersEach, products }).map(
          ([name, value]) => `--define=${name}=${value}`,
        ),
        `--file=${script}`,
        url,
      ])
      first += clients * usersEach
      // On a starved machine a second may be too short for one; then there is no tps.
      const isNone = /^number of transactions actually processed: 0$/m.test(printed)
      const tps = isNone ? 0 : Number(/^tps = ([\d.]+) /m.exec(printed)?.[1])
      const failed = /^number of failed transactions: (\d+)/m.exec(printed)?.[1]
      if (Number.isNaN(tps) || failed !== '0') throw new Error(`pgbench: ${printed}`)
      return tps
    },
  }
}

async function output([file = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = endOf(child)
  const printed = await textOf(child.stdout)
  const code = await ended
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${printed}`)
  return printed
}
