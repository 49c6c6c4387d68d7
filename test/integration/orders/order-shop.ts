// The embedded service as a shop that may be killed: it starts again on the same data directory,
// and while it does not run its log and its rows can be looked at.

import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openDatabasePglite } from '../../../src/adapters/database/pglite.ts'
import { openLogFileReader } from '../../../src/adapters/log-file/log-file.ts'
import { projectionDirectory } from '../../../src/main/roles/projection.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { everyRecord } from '../../contracts/log.ts'
import { waitFor } from '../../services/server-process.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
  within,
} from '../processes/service-process.ts'
import type { OrderWorld } from './order-checks.ts'
import { OrderPeople } from './order-people.ts'

const deathMsMax = 60_000

export class OrderShop {
  readonly people: OrderPeople
  service: ServiceProcess
  private readonly env: Record<string, string>

  private constructor(service: ServiceProcess, env: Record<string, string>) {
    this.service = service
    this.env = env
    this.people = new OrderPeople([service])
  }

  static async start(env: Record<string, string> = {}): Promise<OrderShop> {
    const data = await newDataDirectory()
    const shop = new OrderShop(await startService({ data, env }), env)
    await shop.up()
    return shop
  }

  /** After it was killed or stopped; with a fault it may be killed before it is all up. */
  async restart(more: Record<string, string> = {}): Promise<void> {
    const { data } = this.service
    const env = { ...this.env, ...more }
    this.service = await startService({ data, env })
    await this.people.moved(0, this.service)
    await this.up()
  }

  /** Stopped as an operator stops it, and started with faults. */
  async doom(faults: string, more: Record<string, string> = {}): Promise<void> {
    await this.stop()
    await this.restart({ ...more, FIRSTCOME_TEST_FAULTS: faults })
  }

  /** It has been killed by its own fault. */
  async death(): Promise<void> {
    const { signal } = await within(this.service.exited, deathMsMax, 'the death')
    if (signal !== 'SIGKILL') throw new Error(`it ended by ${signal}: ${this.service.output()}`)
  }

  async stop(): Promise<void> {
    const code = await this.service.stop()
    if (code !== 0) throw new Error(`it ended with ${code}: ${this.service.output()}`)
  }

  async close(): Promise<void> {
    await this.service.crash()
    await this.people.close()
    await removeDataDirectory(this.service.data)
  }

  /** While it does not run. */
  async look<Seen>(look: (world: OrderWorld) => Promise<Seen>): Promise<Seen> {
    const { data } = this.service
    const log = await openLogFileReader({
      directory: data,
      topics: embeddedTopics,
      clock: systemClock(),
    })
    const database = await openDatabasePglite({ directory: projectionDirectory(data) })
    let statements = 0
    try {
      return await look({
        sql: async (text) => (await database.query({ name: `look ${++statements}`, text })).rows,
        records: (topic) => everyRecord(log, topic),
      })
    } finally {
      await database.close()
    }
  }

  private async up(): Promise<void> {
    const { service } = this
    let dead = false
    void service.exited.then(() => {
      dead = true
    })
    // Nobody holds this coupon: that is said once orders can be placed.
    const order = { lines: [{ productId: 'none', quantity: 1 }], couponId: 'none' }
    await waitFor('the rows', async () => {
      if (dead) return true
      const request = { as: 'nobody', key: 'none', json: order }
      return (await this.people.call('POST /orders', request)).status === 422
    })
  }
}
