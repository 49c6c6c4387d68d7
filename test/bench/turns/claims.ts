// Winning claims on an embedded service as one turn of several, and the services that take turns.

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Cores, chooseCores, holdSelfTo } from '../machine.ts'
import { type Load, type Service, startService } from '../service.ts'
import type { PartOptions } from '../summary/part.ts'
import type { Turn } from './in-turns.ts'

export const turnSizes = {
  full: { rounds: 21, roundMs: 1_000 },
  quick: { rounds: 3, roundMs: 500 },
}
const warmUpMs = 300
/** More than one core answers; the load ends early otherwise, and is still right. */
const winnersPerSecondMax = 40_000
export const quantityMax = 10_000_000

export type Wins = { couponId: string; prefix: string; roundMs: number }

/** The next turn is another's: rows of this one are not its work. */
export async function turnOf(service: Service, load: Load): Promise<Turn> {
  const before = service.threadSeconds()
  const { answersPerSecond, sent } = await service.load(load)
  const after = service.threadSeconds()
  await service.issued()
  const seconds = (after?.main ?? Number.NaN) - (before?.main ?? Number.NaN)
  return { perSecond: answersPerSecond, microseconds: (seconds / sent) * 1e6 }
}

export function winsOn(service: Service, { couponId, prefix, roundMs }: Wins): Promise<Turn> {
  const count = Math.ceil((winnersPerSecondMax * (roundMs + warmUpMs)) / 1_000)
  return turnOf(service, {
    paths: [`/coupons/${couponId}/claims`],
    users: { prefix, count },
    once: true,
    expectedStatus: 201,
    durationMs: roundMs,
    warmUpMs,
  })
}

export type Starting = (name: string, env?: Record<string, string>) => Promise<Service>
/** Gives one start after the other of services of their own, and stops them all. */
export async function withServices<T>(
  options: PartOptions,
  use: (start: Starting, directory: string) => Promise<T>,
): Promise<T> {
  const cores: Cores | null = chooseCores()
  if (cores) holdSelfTo(cores.load)
  const directory = mkdtempSync(join(options.directory, 'firstcome-bench-'))
  const started: Service[] = []
  const start: Starting = async (name, env = {}) => {
    const service = await startService(join(directory, name), cores, env)
    started.push(service)
    await service.createCoupons([{ couponId: 'sale', quantity: quantityMax }])
    return service
  }
  try {
    const used = await options.bounded(use(start, directory))
    for (const service of started) await service.stop()
    return used
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
