// How many connections may be open at once: each takes a descriptor, and so does whatever else the
// process opens. Beyond it a connection is closed unanswered, which is counted and told.

import type { Server } from 'node:http'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import { addGauge } from '../metrics/process-metrics.ts'
import type { ServerLimits } from './server-limits.ts'

export type ConnectionParts = {
  clock: Clock
  limits: ServerLimits
  logger?: Logger | undefined
  metrics?: Registry | undefined
}

export function limitConnections(server: Server, parts: ConnectionParts): void {
  const { clock, limits, logger, metrics } = parts
  const max = connectionsMax(limits, openFilesMax())
  let open = 0
  let refused = 0
  let toldAt = Number.NEGATIVE_INFINITY
  server.maxConnections = max
  server.on('connection', (socket) => {
    open += 1
    socket.once('close', () => {
      open -= 1
    })
  })
  server.on('drop', () => {
    refused += 1
    if (clock.monotonic() - toldAt < limits.refusedConnectionsToldMs) return
    toldAt = clock.monotonic()
    logger?.warn(
      { max, refused },
      'connections are refused: as many are open as this process may have',
    )
  })
  if (metrics === undefined) return
  addGauge(metrics, {
    name: 'firstcome_connections',
    help: 'Connections of clients that are open now',
    value: () => open,
  })
  addGauge(metrics, {
    name: 'firstcome_connections_max',
    help: 'How many connections may be open at once',
    value: () => max,
  })
  new Counter({
    name: 'firstcome_connections_refused_total',
    help: 'Connections that were closed unanswered, because as many were open as may be',
    registers: [metrics],
    collect() {
      this.reset()
      this.inc(refused)
    },
  })
}

/** Of a process that may open so many files; below `connectionsMin` nobody can be served. */
export function connectionsMax(limits: ServerLimits, filesMax: number): number {
  const { connectionsMax: wanted, filesReserved, filesReservedPart } = limits
  const reserved = Math.min(filesReserved, Math.ceil(filesMax * filesReservedPart))
  return Math.min(wanted, filesMax - reserved)
}

/** How many files and sockets this process may open; Infinity where the system does not say. */
export function openFilesMax(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft: number | string } }
  }
  const soft = Number(userLimits?.open_files?.soft)
  return Number.isFinite(soft) ? soft : Number.POSITIVE_INFINITY
}
