// What the benchmark needs from a build, whichever it is, and the processes that builds are made
// of. Processes are ended by their ids, and none outlives the process that measures.

import type { ChildProcess } from 'node:child_process'
import { Client } from 'pg'
import { endOf, launch } from '../child-process.ts'
import type { RowSampling } from './row-sampler.ts'

export type Contender = {
  name: string
  /** What makes rows of claims behind the API; null where the API does it itself. */
  behind: 'scheduler' | 'consumer' | 'issuer' | null
  start(): Promise<RunningContender>
}
export type RunningContender = {
  /** Of the API node. */
  port: number
  claimPath(couponId: string): string
  createCoupon(couponId: string, quantity: number): Promise<void>
  rowTable: RowSampling['table']
  postgresUrl: string
  /** By user id, in no order. */
  rows(couponId: string): Promise<{ userId: string; slot: number }[]>
  rowCount(couponId: string): Promise<number>
  /** Of its own, by name: the first process of each. */
  pids(): Record<string, number[]>
  /** kill −9 of what is behind the API; then another one is started. */
  killBehind(): Promise<void>
  startBehind(): Promise<void>
  stop(): Promise<void>
}

export type Part = { pid: number; url: string; kill(): Promise<void>; stop(): Promise<void> }
export type PartCommand = {
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

const startWaitMsMax = 30_000
const stopWaitMsMax = 10_000

/** Resolves once it has printed where it is. */
export async function startPart({ args, env }: PartCommand): Promise<Part> {
  const child = launch({ args, env, cores: undefined })
  const ended = endOf(child)
  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), stopWaitMsMax)
    await ended
    clearTimeout(late)
  }
  try {
    const url = await printedUrl(child)
    return { pid: child.pid ?? 0, url, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
  } catch (error) {
    await end('SIGKILL')
    throw new Error(`${args.join(' ')} did not start`, { cause: error })
  }
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('not in time')), startWaitMsMax)
    let printed = ''
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const found = /(http:\/\/[^"\s]+)["\s]/.exec(printed)?.[1]
      if (found === undefined) return
      clearTimeout(late)
      resolve(found)
    })
  })
}

/** Asks the table of a build for its rows. */
export type RowReader = Pick<RunningContender, 'rows' | 'rowCount'> & { close(): Promise<void> }

export async function openRows(url: string, table: RowSampling['table']): Promise<RowReader> {
  const database = new Client({ connectionString: url })
  await database.connect()
  return {
    async rows(couponId) {
      const text = `select user_id as "userId", slot from ${table} where coupon_id = $1`
      const { rows } = await database.query<{ userId: string; slot: number }>(text, [couponId])
      return rows
    },
    async rowCount(couponId) {
      const text = `select count(*)::int as count from ${table} where coupon_id = $1`
      const { rows } = await database.query<{ count: number }>(text, [couponId])
      return rows[0]?.count ?? 0
    },
    close: () => database.end(),
  }
}
