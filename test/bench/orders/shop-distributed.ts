// The shop in the distributed profile: one API node, one issuer, and one process with all
// consumers of orders, on the backends of the run.

import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import { allTopics } from '../../../src/main/roles/topics.ts'
import type { Backends } from '../distributed/backends.ts'
import { type Part, startPart } from '../distributed/contender.ts'
import { prepareOurs } from '../distributed/our-contender.ts'
import { processorSeconds } from '../distributed/processor-time.ts'
import { appendOrders, fillMsMax } from './fill.ts'
import { type Shop, type ShopHome, settled } from './shop.ts'

const binary = fileURLToPath(import.meta.resolve('../../../bin/firstcome.js'))

export async function distributedHome(backends: Backends): Promise<ShopHome> {
  const { env: common, redisUrl } = await prepareOurs(backends)
  const env = { ...common, FIRSTCOME_REDIS_URL: redisUrl }
  const role = (name: string) => startPart({ args: [binary, name], env })

  async function open(): Promise<Shop> {
    const parts: Record<string, Part> = {}
    async function close(): Promise<void> {
      for (const part of Object.values(parts)) await part.stop()
    }
    try {
      for (const name of ['orders', 'issuer', 'api']) parts[name] = await role(name)
    } catch (error) {
      await close()
      throw error
    }
    const { api, orders } = parts
    const pids = Object.entries(parts).map(([name, { pid }]) => [name, [pid]] as const)
    return {
      url: api?.url ?? '',
      consumerMetrics: () => metricsOf(orders),
      meter: () => meterOf(Object.fromEntries([...pids, ...Object.entries(backends.pids)])),
      close,
    }
  }

  return {
    open,
    async fill(count) {
      const orders = await role('orders')
      const log = await startKafkaLog({
        connection: { brokers: [backends.brokers], clientId: 'bench' },
        topics: allTopics,
        clock: systemClock(),
        onWarning: (message) => process.stderr.write(`${message}\n`),
      })
      try {
        await appendOrders(log, count)
        await settled({ consumerMetrics: () => metricsOf(orders) }, fillMsMax)
      } finally {
        await log.close()
        await orders.stop()
      }
    },
  }
}

async function metricsOf(part: Part | undefined): Promise<string> {
  return (await fetch(`${part?.url}/metrics`)).text()
}

export function meterOf(
  pids: Readonly<Record<string, readonly number[]>>,
): () => Record<string, number> {
  const seconds = () =>
    Object.entries(pids).map(([name, own]) => [name, processorSeconds(own)] as const)
  const before = new Map(seconds())
  return () =>
    Object.fromEntries(seconds().map(([name, at]) => [name, at - (before.get(name) ?? 0)]))
}
