// The HTTP server of a role that has no API of its own: alive, ready and measured, nothing else.

import type { Logger } from 'pino'
import type { Clock } from '../ports/clock.ts'
import type { Readiness } from './claims/claim-answers.ts'
import { addRoutes } from './http/route.ts'
import { createServerApp } from './http/server-app.ts'
import { serverLimits } from './http/server-limits.ts'
import { serviceRoutes } from './routes/service.ts'

export type ProbeServerParts = {
  host: string
  /** 0: any free port. */
  port: number
  readiness(): Readiness
  metricsText(): Promise<string>
  clock: Clock
  logger?: Logger | undefined
}
export type ProbeServer = {
  /** As `http://127.0.0.1:8080`. */
  address: string
  close(): Promise<void>
}

export async function startProbeServer(parts: ProbeServerParts): Promise<ProbeServer> {
  const { clock, logger } = parts
  const limits = serverLimits
  const { app, listen, stop } = await createServerApp({ clock, logger, limits })
  addRoutes(app, { hooks: { service: [] }, limits }, serviceRoutes(parts))
  return { address: await listen(parts), close: stop }
}
