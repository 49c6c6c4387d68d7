// The metrics of a process: whether it does its work, and how it reaches the database.

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** Of a role without an API of its own. */
export function createRoleMetrics(isReady: () => boolean): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  addGauge(registry, {
    name: 'firstcome_ready',
    help: '1 while this process does its work',
    value: isReady,
  })
  return registry
}

export type DatabaseState = {
  reachable: boolean
  failures: number
  open: number
  busy: number
  waiting: number
}

export function createDatabaseMetrics(state: () => DatabaseState): Registry {
  const registry = new Registry()
  const registers = [registry]
  addGauge(registry, {
    name: 'firstcome_database_up',
    help: '1 while what was last asked of the database reached it',
    value: () => state().reachable,
  })
  new Counter({
    name: 'firstcome_database_failures_total',
    help: 'How often the database could not be reached, or a connection to it was lost',
    registers,
    collect() {
      this.reset()
      this.inc(state().failures)
    },
  })
  new Gauge({
    name: 'firstcome_database_connections',
    help: 'Connections to the database, by whether a query is using them',
    labelNames: ['state'],
    registers,
    collect() {
      const { open, busy } = state()
      this.set({ state: 'busy' }, busy)
      this.set({ state: 'idle' }, Math.max(0, open - busy))
    },
  })
  addGauge(registry, {
    name: 'firstcome_database_waiting',
    help: 'Calls that wait for a connection to the database',
    value: () => state().waiting,
  })
  return registry
}

/** Of a role that reads the log. */
export function createLogMetrics(silentMs: () => number): Registry {
  const registry = new Registry()
  addGauge(registry, {
    name: 'firstcome_log_silent_seconds',
    help: 'How long ago the log last said where it ends; the figures of lags are as old',
    value: () => silentMs() / 1000,
  })
  return registry
}

type GaugeOptions = { name: string; help: string; value(): number | boolean | undefined }

/** Asked when somebody looks; true is 1. undefined: not known yet. */
export function addGauge(registry: Registry, { name, help, value }: GaugeOptions): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const now = value()
      if (now !== undefined) this.set(Number(now))
    },
  })
}
