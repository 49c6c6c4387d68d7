// The shop in the embedded profile: one process with a data directory of its own.

import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openLogFile } from '../../../src/adapters/log-file/log-file.ts'
import { embeddedTopics } from '../../../src/main/roles/topics.ts'
import { startPart } from '../distributed/contender.ts'
import { benchSecret } from '../service.ts'
import { appendOrders, fillMsMax } from './fill.ts'
import { type Shop, type ShopHome, settled } from './shop.ts'
import { meterOf } from './shop-distributed.ts'

const heldTurns = import.meta.resolve('./held-turns-main.ts')
const binary = fileURLToPath(import.meta.resolve('../../../bin/firstcome.js'))

/** `turnsTo`: where a service that ends writes how long its answering thread was held. */
export function embeddedHome(directory: string, turnsTo?: string): ShopHome {
  const env = {
    FIRSTCOME_DATA: directory,
    FIRSTCOME_PORT: '0',
    FIRSTCOME_USER_RATE_MAX: '0',
    FIRSTCOME_DRAIN_SECONDS: '0',
    FIRSTCOME_JWT_SECRET: benchSecret,
    ...(turnsTo === undefined ? {} : { BENCH_TURNS: turnsTo }),
  }
  const preloaded = turnsTo === undefined ? [] : ['--import', heldTurns]

  async function open(): Promise<Shop> {
    const part = await startPart({ args: [...preloaded, binary, 'start'], env })
    return {
      url: part.url,
      consumerMetrics: async () => (await fetch(`${part.url}/metrics`)).text(),
      meter: () => meterOf({ firstcome: [part.pid] }),
      close: part.stop,
    }
  }

  return {
    open,
    async fill(count, lines) {
      const clock = systemClock()
      const log = await openLogFile({ directory, topics: embeddedTopics, clock })
      await appendOrders(log, count, lines)
      await log.close()
      const shop = await open()
      await settled(shop, fillMsMax)
      await shop.close()
    },
  }
}
